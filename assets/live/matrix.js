// The page of matrix games: three tabs, one of which is shown; the server's answer to the address fills it.
//
// mount(root, {answers}) -> {update(), destroy()}; answers: the address below which the server answers.

import { answerPage } from "./answer_page.js";
import { barButton } from "./clock.js";
import { counters } from "./counters.js";
import { el, setText } from "./dom.js";
import { gameView } from "./matrix_game.js";
import { repeatedView } from "./matrix_repeated.js";
import { treeView } from "./matrix_tree.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */

/**
 * @typedef {object} Page what a tab can do
 * @property {(change: Record<string, string | null>, input?: HTMLElement) => void} turn change the address; input: where
 *   a refusal is shown
 * @property {(query: string) => void} ask go to another address
 * @property {(text: string) => void} say a short notice
 * @property {() => import("./types.js").Theme} theme
 */

/**
 * @typedef {object} Tab
 * @property {HTMLElement} node
 * @property {ReturnType<typeof import("./clock.js").clock>} time
 * @property {(made: Matrix, newest: boolean) => void} show newest: false if a later answer is under way
 * @property {(room: import("./types.js").Room, top: number) => void} layout in a room, below `top` pixels of it
 */

const LEAST = 500; // px of height
/** @type {Record<string, (page: Page) => Tab>} */
const VIEWS = { game: gameView, repeated: repeatedView, tree: treeView };
/** @type {import("./export.js").Item[]} */
const FILES = [
  ["python", _("Copy as Python"), _("the same numbers, with ganlab")],
  ["csv", _("Numbers as CSV"), _("trajectories, rounds or nodes, in full precision")],
  ["png", _("Picture as PNG, 2×"), _("what is on the screen")],
  ["svg", _("Picture as SVG"), _("the same as lines and text")],
  ["film", _("Film, 10 seconds"), _("what the page shows from now on")],
];

/**
 * @param {HTMLElement} root
 * @param {{answers: string}} options
 */
export function mount(root, { answers }) {
  /** @type {Matrix | null} */
  let made = null; // the newest answer without a refusal of an edit
  /** @type {Tab | null} */
  let view = null;
  /** @type {HTMLElement | null} */
  let edited = null; // the input of the newest change
  /** @type {Record<string, string>} */
  const last = {}; // the query of each tab
  const complaint = el("div", { class: "gl-refused", role: "alert", "data-testid": "refused", hidden: "" });
  const shell = answerPage(root, {
    answers,
    files: FILES,
    least: LEAST,
    classes: ["gl-games", "gl-matrix"],
    styles: ["live.css", "games.css", "matrix.css"],
    answer: () => made,
    show,
    arrange(room) {
      view?.layout(room, host.offsetTop);
      view?.time.redraw();
    },
    boxes: () => [bar],
    key: (event) => view !== null && view.time.key(event),
    close: () => view?.time.close(),
  });
  const { banner, server, menu } = shell;

  /** @type {Page} */
  const page = {
    turn(change, input) {
      settle();
      edited = input ?? null;
      server.turn({ ...change, ...(made && made.tab !== "game" ? { tab: made.tab } : {}) });
    },
    ask(query) {
      settle();
      server.ask(query);
    },
    say: (text) => banner.say(text, false),
    theme: shell.theme,
  };

  /** Forget the last refusal. */
  function settle() {
    complaint.hidden = true;
    for (const one of root.querySelectorAll("[aria-invalid=true]")) one.removeAttribute("aria-invalid");
    edited = null;
  }

  /** @type {Map<string, HTMLButtonElement>} */
  const tabs = new Map();
  const tablist = el("div", { class: "gl-tabs", role: "tablist", "aria-label": _("What is shown") });
  tablist.addEventListener("keydown", (event) => {
    const names = [...tabs.keys()];
    const at = names.findIndex((name) => tabs.get(name) === document.activeElement);
    const to = /** @type {Record<string, number>} */ ({ ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 })[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const name = names.at(to % names.length) ?? names[0];
    tabs.get(name)?.focus();
    open(name);
  });

  /** @param {string} name */
  function open(name) {
    if (name !== made?.tab) page.ask(last[name] ?? (name === "game" ? "" : `tab=${name}`));
  }

  const times = el("div", { class: "gl-times" });
  /** @type {HTMLElement} */
  const bar = el("div", { class: "gl-toolbar", role: "toolbar", "aria-label": _("Time") }, tablist, times, menu.node);
  const host = el("div", { class: "gl-matrix-host", role: "tabpanel" });
  root.replaceChildren(bar, banner.node, host);

  /**
   * @param {Matrix} answer
   * @param {boolean} newest
   */
  function show(answer, newest) {
    const [refusal] = answer.refused;
    if (refusal && edited && made) {
      // The field keeps what was refused, the rest goes back to what it was.
      edited.setAttribute("aria-invalid", "true");
      (edited.closest(".gl-field") ?? edited.parentElement)?.append(complaint);
      setText(complaint, refusal.why);
      complaint.hidden = false;
      edited = null;
      server.ask(made.query);
      return;
    }
    const other = answer.tab !== made?.tab;
    made = answer;
    last[answer.tab] = answer.query;
    counters.run = 0;
    if (!tabs.size) {
      for (const [name, title] of answer.tabs) {
        const one = barButton(`tab-${name}`, title, () => open(name), title);
        one.setAttribute("role", "tab");
        tabs.set(name, one);
        tablist.append(one);
      }
    }
    if (other) {
      view?.time.close();
      view = VIEWS[answer.tab](page);
      times.replaceChildren(...view.time.nodes);
      host.replaceChildren(view.node);
      for (const [name, one] of tabs) {
        one.setAttribute("aria-selected", String(name === answer.tab));
        one.tabIndex = name === answer.tab ? 0 : -1;
      }
      host.setAttribute("aria-label", answer.tabs.find(([name]) => name === answer.tab)?.[1] ?? "");
      root.dataset.tab = answer.tab;
    }
    banner.say(answer.notes.join(" "), answer.notes.length > 0);
    view?.show(answer, newest);
    shell.layout();
    view?.time.length(answer.steps);
    root.dataset.drawn = answer.query;
  }

  return shell.open();
}
