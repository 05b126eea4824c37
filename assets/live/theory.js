// The page of theory: one interactive figure at a time, described by the server.
//
// mount(root, {answers, labs}) -> {update(), destroy()}; answers: the address below which the server answers; labs: the
// addresses of the labs by dimension.

import { answerPage } from "./answer_page.js";
import { barButton, barSelect, clock } from "./clock.js";
import { counters } from "./counters.js";
import { el, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { knobRow } from "./knobs.js";
import { shownPanel } from "./shown.js";
import { numberCards, shownTable } from "./shown_numbers.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Theory} Theory */

const LEAST = 500; // px of height
const LEAST_HIGH = 190; // px of height of a panel with others above or below it
const SPEEDS = [2, 5, 10, 20, 40, 80]; // frames per second
/** @type {import("./export.js").Item[]} */
const FILES = [
  ["python", _("Copy as Python"), _("the same numbers, with ganlab")],
  ["csv", _("Curves and numbers as CSV"), _("every value in full precision")],
  ["png", _("Picture as PNG, 2×"), _("what is on the screen")],
  ["svg", _("Picture as SVG"), _("the same as lines and text")],
];

/**
 * Give each series its arrays: those with a frame more than the others change over time.
 *
 * @param {Theory} made
 */
function unpack(made) {
  made.panels.forEach((panel, i) => panel.series.forEach((series, j) => {
    const plain = series.kind === "heat" ? 2 : 1;
    const key = (/** @type {string} */ name) => `${i}.${j}.${name}`;
    series.shape = (name) => made.shape[key(name)];
    series.get = (name, frame) => {
      const [all, shape] = [made.a[key(name)], made.shape[key(name)]];
      if (shape.length === plain) return all;
      const size = all.length / shape[0];
      return all.subarray(frame * size, (frame + 1) * size);
    };
  }));
}

/**
 * @param {HTMLElement} root
 * @param {{answers: string, labs: string[]}} options
 */
export function mount(root, { answers, labs }) {
  /** @type {Theory | null} */
  let shown = null;
  let built = ""; // identifies the current knobs
  let figure = ""; // that is shown
  let pencil = ""; // the parameter whose curve is drawn
  /** @type {ReturnType<typeof shownPanel>[]} */
  let panels = [];
  const { banner, server, menu, theme, layout, open } = answerPage(root, {
    answers,
    files: FILES,
    least: LEAST,
    classes: ["gl-theory"],
    styles: ["live.css", "games.css", "theory.css"],
    answer: () => shown,
    show,
    arrange,
    boxes: () => [bar, head, knobs, foot],
    key: (event) => time.key(event),
    close: () => time.close(),
  });
  const time = clock({ unit: _("frame"), speeds: SPEEDS, speed: 10, draw });

  // ---- the controls
  const figures = barSelect("figure", _("Figure"), [], (value) => server.ask(`figure=${value}`));
  const before = barButton("before", _("The figure before this one"), () => turnTo(-1), "‹");
  const after = barButton("after", _("The next figure"), () => turnTo(1), "›");
  const reset = barButton("reset", _("Undo all changes of this figure"), () => server.ask(`figure=${figure}`), _("Reset"));
  const lab = el("a", { class: "gl-button gl-to-lab", "data-testid": "open-lab", }, _("Open this in the lab"));
  const draws = el("div", { class: "gl-group gl-draws", role: "group", "aria-label": _("Draw by hand") });
  const play = el("div", { class: "gl-clock" }, ...time.nodes);
  /** @type {HTMLElement} */
  const bar = el(
    "div",
    { class: "gl-toolbar", role: "toolbar", "aria-label": _("Figure") },
    el("div", { class: "gl-group gl-which" }, before, figures, after),
    draws,
    play,
    el("div", { class: "gl-group gl-last" }, reset, lab, menu.node),
  );
  const about = helpButton("figure");
  const watch = el("p", { class: "gl-watch", "data-testid": "watch" });
  const equation = el("span", { class: "gl-game-math", tabindex: 0, "data-testid": "equation" });
  const cite = el("span", { class: "gl-cite", "data-testid": "cite" });
  const head = el("div", { class: "gl-theory-head" }, watch, el("div", { class: "gl-source" }, equation, cite, about.node));
  const knobs = el("div", { class: "gl-knobs-box" });
  /** @type {ReturnType<typeof knobRow> | null} */
  let row = null;

  // ---- the picture, and the numbers below it
  const pictures = el("div", { class: "gl-main gl-panels" });
  const table = shownTable();
  const says = el("p", { class: "gl-says", "data-testid": "says", role: "status" });
  const cards = numberCards();
  const foot = el("div", { class: "gl-foot" }, says, cards.node, table.node);
  root.replaceChildren(bar, head, knobs, banner.node, pictures, foot);

  /** @param {number} by */
  function turnTo(by) {
    if (!shown) return;
    const names = shown.figures.map(([name]) => name);
    server.ask(`figure=${names[(names.indexOf(figure) + by + names.length) % names.length]}`);
  }

  /** @param {string} param */
  function take(param) {
    pencil = pencil === param ? "" : param;
    for (const one of panels) one.pencil(pencil);
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (draws.querySelectorAll("[aria-pressed]"))) {
      one.setAttribute("aria-pressed", String(one.dataset.param === pencil));
    }
  }

  function fillDraws() {
    if (!shown) return;
    const all = shown.panels.flatMap((panel) => panel.draws);
    const drawn = all.filter(({ param }) => new URLSearchParams(shown?.query).has(param));
    const state = JSON.stringify([all.map(({ param }) => param), drawn.map(({ param }) => param)]);
    if (draws.dataset.state === state) return;
    draws.dataset.state = state;
    draws.hidden = !all.length;
    draws.replaceChildren(
      ...all.map(({ param, label }) => {
        const one = barButton(`draw-${param}`, _("Draw {label} with the mouse or a finger, in the picture", { label }), () => take(param), _("✎ draw {label}", { label }));
        one.classList.add("gl-small");
        one.dataset.param = param;
        one.setAttribute("aria-pressed", String(pencil === param));
        return one;
      }),
      ...drawn.map(({ param, label }) => {
        const one = barButton(`undraw-${param}`, _("Replace the drawn curve of {label} by a Gaussian", { label }), () => {
          if (pencil === param) take(param);
          server.turn({ [param]: null });
        }, _("{label}: Gaussian again", { label }));
        one.classList.add("gl-small");
        return one;
      }),
    );
  }

  /** @param {Theory["lab"]} to */
  function toLab(to) {
    lab.hidden = !to;
    if (!to) return;
    lab.title = to.why || _("Train a GAN in this situation");
    lab.classList.toggle("gl-off", to.why !== "");
    if (to.why) {
      lab.removeAttribute("href");
      for (const [name, value] of [["role", "link"], ["aria-disabled", "true"], ["tabindex", "0"]]) lab.setAttribute(name, value);
    } else {
      lab.href = `${labs[to.dim]}?${to.query}`;
      for (const name of ["role", "aria-disabled", "tabindex"]) lab.removeAttribute(name);
    }
  }

  // ---- drawing
  function draw() {
    if (!shown) return;
    const frame = Math.min(shown.frames - 1, Math.floor(time.now()));
    for (const one of panels) one.draw(frame);
    cards.show(shown, frame);
    setText(says, shown.says[Math.min(frame, shown.says.length - 1)]);
  }

  /** @param {import("./types.js").Room} room */
  function arrange({ width, height, u, narrow }) {
    const gap = Math.round(14 * u);
    const high = Math.max(220, height - pictures.offsetTop - foot.offsetHeight - 8 * u);
    const share = (/** @type {number} */ i) => /** @type {Theory} */ (shown).panels[i].share;
    const count = panels.length;
    const fits = (high - gap * (count - 2)) / (count - 1) >= LEAST_HIGH * u; // one above the other, beside the first
    pictures.classList.toggle("gl-in-a-row", !narrow && !fits);
    const total = panels.reduce((sum, _, i) => sum + share(i), 0);
    panels.forEach((one, i) => {
      if (narrow) return one.resize(width, Math.round(Math.max(260, Math.min(0.8 * width, 380))), theme());
      if (count === 1) return one.resize(width, high, theme());
      if (!fits) return one.resize(Math.floor(((width - gap * (count - 1)) * share(i)) / total), high, theme());
      const first = Math.round(((width - gap) * share(0)) / (share(0) + share(1)));
      if (i === 0) return one.resize(first, high, theme());
      const rest = high - gap * (count - 2);
      const all = panels.slice(1).reduce((sum, _, k) => sum + share(k + 1), 0);
      one.resize(width - gap - first, Math.round((rest * share(i)) / all), theme());
    });
    draw();
  }

  /**
   * @param {Theory} made
   * @param {boolean} newest
   */
  function show(made, newest) {
    const other = made.figure !== figure;
    const first = shown === null;
    shown = made;
    figure = made.figure;
    unpack(made);
    const kinds = JSON.stringify([figure, made.knobs.map(({ field }) => field)]);
    if (kinds !== built) {
      built = kinds;
      row = knobRow(made.knobs, ({ field, value }) => server.turn({ [String(field)]: String(value) }));
      knobs.replaceChildren(row.node);
      knobs.hidden = !made.knobs.length;
    }
    const names = JSON.stringify([figure, made.panels.map(({ name }) => name)]);
    if (pictures.dataset.names !== names) {
      pictures.dataset.names = names;
      pencil = "";
      panels = made.panels.map(({ name }) => shownPanel(name, server.turn));
      pictures.replaceChildren(
        ...panels.slice(0, 1).map(({ node }) => node),
        ...(panels.length > 1 ? [el("div", { class: "gl-beside" }, ...panels.slice(1).map(({ node }) => node))] : []),
      );
    }
    if (other) {
      figures.replaceChildren(...made.figures.map(([value, title]) => el("option", { value }, title)));
      equation.innerHTML = made.equation; // MathML that the server made of the figure's own formula
      setText(watch, made.watch);
      setText(cite, made.cite);
      about.set(_("this figure"), [[made.title, made.doc, ""], [_("Source:"), made.cite, ""]]);
      time.call(made.clock);
      time.restart(made.first);
    }
    figures.value = figure;
    row?.values(made.values);
    panels.forEach((one, i) => one.show(made.panels[i], newest));
    fillDraws();
    for (const one of panels) one.pencil(pencil);
    play.hidden = made.frames < 2;
    reset.disabled = made.query === `figure=${figure}`;
    toLab(made.lab);
    table.show(made.table);
    cards.build(made);
    banner.say(made.notes.join(" "), made.notes.length > 0); // may lay everything out
    counters.run = 0;
    layout();
    time.length(made.frames - 1);
    root.dataset.figure = figure;
    if (first) root.dataset.drawn = "";
  }

  return open();
}
