// A film of a stretch of the recording: a small form that asks for it, and a view over the page that plays and films it.

import { el, setText } from "./dom.js";
import { record } from "./film.js";
import { jobs } from "./jobs.js";
import { player } from "./player.js";
import { tapeOf, unzip } from "./tape.js";
import { _ } from "./words.js";

export const FILM = "recording"; // the job
const LENGTHS = [5, 10, 20, 30]; // seconds
const PRESENT = 1e12; // an iteration after all others
const SETTLES = 400; // ms until the view is laid out
const LISTED = 40; // flags
const grouped = new Intl.NumberFormat("en-US");

/** @typedef {import("./types.js").Flag} Flag */

/**
 * The form: {node, open(), close(), status(timeline), flags(list)}.
 *
 * @param {(stretch: {first: number, last: number, seconds: number}) => void} make
 * @param {() => void} closed
 */
export function clipForm(make, closed) {
  /** @type {import("./types.js").Timeline | null} */
  let now = null;
  /** @type {Flag[]} */
  let flags = [];
  const select = (/** @type {string} */ id) => el("select", { class: "gl-select", "data-testid": id, onchange: () => setText(said, "") });
  const from = select("clip-from");
  const to = select("clip-to");
  const length = select("clip-seconds");
  length.append(...LENGTHS.map((s) => el("option", { value: s }, _("{s} seconds", { s }))));
  length.value = "10";
  const said = el("p", { class: "gl-clip-said", role: "alert" });
  const label = (/** @type {string} */ text, /** @type {HTMLElement} */ input) => el("label", {}, el("span", {}, text), input);
  const node = el(
    "form",
    {
      class: "gl-menu gl-clip",
      role: "dialog",
      "aria-label": _("Film of the recording"),
      hidden: "",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        const [first, last] = [Number(from.value), Number(to.value)];
        if (last <= first) return setText(said, _("The end must come after the beginning."));
        node.hidden = true;
        make({ first, last, seconds: Number(length.value) });
        closed();
      },
    },
    label(_("From"), from),
    label("To", to),
    label(_("Length"), length),
    said,
    el(
      "div",
      { class: "gl-group" },
      el("button", { class: "gl-button", type: "submit", "data-testid": "clip-make" }, _("Make the film")),
      el("button", { class: "gl-button", type: "button", "data-testid": "clip-cancel", onclick: () => close() }, _("Cancel")),
    ),
  );

  function close() {
    if (node.hidden) return;
    node.hidden = true;
    closed();
  }

  function fill() {
    const option = (/** @type {number} */ at, /** @type {string} */ text) => el("option", { value: at }, text);
    const named = flags.slice(-LISTED).map((flag) => option(flag.iteration, _("{text}, iteration {iteration}", { text: flag.text, iteration: grouped.format(flag.iteration) })));
    const shown = now?.past ? [option(now.iteration, _("the shown moment, iteration {iteration}", { iteration: grouped.format(now.iteration) }))] : [];
    from.replaceChildren(option(0, _("the beginning")), ...shown.map((one) => one.cloneNode(true)), ...named.map((one) => one.cloneNode(true)));
    to.replaceChildren(option(0, _("the beginning")), ...named, ...shown, option(PRESENT, _("the present")));
    from.value = String(now?.past ? now.iteration : 0);
    to.value = String(PRESENT);
  }

  return {
    node,
    close,
    open() {
      fill();
      setText(said, "");
      node.hidden = false;
      from.focus();
    },
    /** @param {import("./types.js").Timeline | undefined} timeline */
    status(timeline) {
      now = timeline && "at" in timeline ? timeline : null;
    },
    /** @param {Flag[]} list */
    flags(list) {
      flags = list;
    },
  };
}

/**
 * Show how much of a film is recorded.
 *
 * @param {ReturnType<typeof jobs>} going
 * @param {number} seconds so far
 * @param {number} all
 * @param {() => void} stop
 */
export function showFilm(going, seconds, all, stop) {
  const text = `${Math.floor(seconds)} of ${Math.round(all)} s`;
  going.show(FILM, text, seconds / all, _("A film is recorded. Press to stop and save it"), stop);
}

/**
 * Play a gzipped tape over the page, and film it. show(host, connect) mounts a view of it; ready(film) is called once.
 *
 * @param {BlobPart} bytes
 * @param {HTMLElement} root of the view that it covers
 * @param {(host: HTMLElement, connect: (client: import("./types.js").Client) => import("./types.js").Link) => {destroy: () => void}} show
 * @param {(film: Blob) => void} ready
 */
export async function filmTape(bytes, root, show, ready) {
  const tape = tapeOf(await unzip(bytes));
  const going = jobs();
  const host = el("div");
  const over = el("div", { class: "gl-film", role: "dialog", "aria-label": _("The film that is recorded") }, host, going.node);
  over.style.background = getComputedStyle(root).getPropertyValue("--gl-back");
  const { left, top, width } = root.getBoundingClientRect();
  for (const [side, size] of Object.entries({ left, top: Math.max(0, top), width })) over.style.setProperty(side, `${size}px`);
  root.parentElement?.append(over); // where the page's colours are known
  /** @type {import("./types.js").Link[]} */
  const links = [];
  const view = show(host, (client) => {
    links.push(player(tape)(client));
    return links[0];
  });
  await new Promise((done) => setTimeout(done, SETTLES));
  let stop = () => {};
  const told = (/** @type {number} */ seconds) => showFilm(going, seconds, tape.seconds, () => stop());
  stop = record(host, tape.seconds, told, (film) => {
    view.destroy();
    over.remove();
    ready(film);
  });
  links[0].send({ cmd: "play" });
}
