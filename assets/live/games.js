// The page of games: a phase portrait that plays, its eigenvalues, distances and verdicts.
//
// mount(root, {answers, labs}) -> {update(), destroy()}; answers: the address below which the server answers; labs: the
// addresses of the labs by dimension.
// The page's address is the only state: each change makes a new query, and the answer to it is shown.

import { answerPage } from "./answer_page.js";
import { barButton, barSelect, clock } from "./clock.js";
import { counters } from "./counters.js";
import { el, setText } from "./dom.js";
import { points } from "./games_points.js";
import { drawPlane, places } from "./games_plane.js";
import { verdicts } from "./games_rules.js";
import { distance, eigenvalues } from "./games_side.js";
import { helpButton, placeHelp } from "./help.js";
import { knobRow } from "./knobs.js";
import { fit, short } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Game} Game */

const LEAST = 470; // px of height
const SPEEDS = [2, 5, 10, 20, 40, 60, 120, 240]; // updates per second
const FULL = _("There are eight starting points, the most that a picture has. Remove one first.");
/** @type {import("./export.js").Item[]} */
const FILES = [
  ["python", _("Copy as Python"), _("the same trajectories, with ganlab")],
  ["csv", _("Trajectories as CSV"), _("every point in full precision")],
  ["png", _("Picture as PNG, 2×"), _("what is on the screen")],
  ["svg", _("Picture as SVG"), _("the same as lines and text")],
  ["film", _("Film, 10 seconds"), _("what the page shows from now on")],
];

/**
 * @param {HTMLElement} root
 * @param {{answers: string, labs: string[]}} options
 */
export function mount(root, { answers, labs }) {
  /** @type {Game | null} */
  let game = null;
  let chosen = 0; // the point whose distances and verdicts are shown
  /** @type {Set<string>} */
  const hidden = new Set();
  let newest = true; // whether the answer has all that was moved
  let built = ""; // identifies the current knobs
  /** @type {import("./games_plane.js").Places | null} */
  let at = null;
  /** @type {CanvasRenderingContext2D | null} */
  let ctx = null;

  const { banner, server, menu, theme, layout, open } = answerPage(root, {
    answers,
    files: FILES,
    least: LEAST,
    classes: ["gl-games"],
    styles: ["live.css", "games.css"],
    answer: () => game,
    show,
    arrange,
    boxes: () => [head, knobs],
    key: (event) => game !== null && time.key(event),
    close: () => time.close(),
  });

  // ---- the controls
  const time = clock({ unit: _("update"), speeds: SPEEDS, speed: 60, draw });
  const games = barSelect("game", _("Game"), [], (value) => {
    time.restart();
    server.ask(`game=${value}`);
  });
  const presets = barSelect("preset", _("Presets"), [], (query) => {
    if (!query) return;
    time.restart();
    server.ask(query);
  });
  const fewer = barButton("fewer", _("Remove the chosen starting point (Delete)"), () => marks.remove(chosen), _("− point"));
  const more = barButton("more", _("Add a starting point, opposite to the chosen one"), () => {
    if (!game) return;
    const [x, y] = game.starts[chosen];
    const [[xLow, xHigh], [yLow, yHigh]] = game.box;
    if (!marks.add((xLow + xHigh - x) % 1e6, (yLow + yHigh - y) % 1e6)) banner.say(FULL, false);
  }, _("+ point"));
  const clear = barButton("one", _("One starting point, the game's own"), () => server.turn({ start: null }), _("reset"));
  const about = helpButton("game");
  const lab = el("a", { class: "gl-button", "data-testid": "open-lab", title: _("Train the GAN of a lab that plays this game") }, _("Open this in the lab"));
  const labHelp = helpButton("lab");
  const toLab = el("div", { class: "gl-group gl-last" }, lab, labHelp.node);
  const bar = el(
    "div",
    { class: "gl-toolbar", role: "toolbar", "aria-label": _("Time") },
    ...time.nodes,
    toLab,
    menu.node,
  );
  const equation = el("span", { class: "gl-game-math", tabindex: 0 });
  const watch = el("span", { class: "gl-game-watch", "data-testid": "watch" });
  const knobs = el("div", { class: "gl-knobs-box" });
  /** @type {ReturnType<typeof knobRow> | null} */
  let row = null;

  // ---- the picture, and what is beside it
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "data-testid": "plane", "aria-label": _("Phase portrait") });
  const marks = points({
    moved: (starts) => server.turn({ start: starts.flat().join(",") }),
    choose: (index) => {
      chosen = index;
      tell();
      draw();
    },
  });
  const picture = el("div", { class: "gl-picture" }, canvas, marks.node);
  const layer = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ says) => {
    const one = barButton(`layer-${id}`, says, () => {
      if (!hidden.delete(id)) hidden.add(id);
      one.setAttribute("aria-pressed", String(!hidden.has(id)));
      draw();
    }, el("i", { class: "gl-key", "data-key": id }), title);
    one.className = "gl-layer";
    one.setAttribute("aria-pressed", "true");
    return one;
  };
  const layers = el(
    "div",
    { class: "gl-legend", role: "group", "aria-label": _("Layers") },
    layer("arrows", _("gradients"), _("Where both players move, downhill in their own cost; lengths are compressed")),
    layer("nullclines", _("nullclines"), _("Where one player's gradient is 0: the first player's solid, the second one's dotted")),
    more,
    fewer,
    clear,
  );
  for (const one of [more, fewer, clear]) one.classList.add("gl-small");
  const eigen = eigenvalues(() => game);
  const far = distance(() => game && { game, now: time.now(), point: chosen, hidden });
  const rules = verdicts({
    add: (rule) => server.turn({ rule: [...(game?.rules ?? []), rule].join(",") }),
    drop: (rule) => server.turn({ rule: (game?.rules ?? []).filter((one) => one !== rule).join(",") }),
    toggle: (rule) => {
      if (!hidden.delete(rule)) hidden.add(rule);
      draw();
      return hidden.has(rule);
    },
  });
  const head = el("div", { class: "gl-game-head" }, games, presets, rules.menu, equation, about.node, watch);
  const charts = el("div", { class: "gl-game-charts" }, el("div", { class: "gl-chart" }, eigen.node), el("div", { class: "gl-chart" }, far.node));
  const parts = el("span", { "data-testid": "parts" });
  const partsHelp = helpButton("parts");
  const split = el("div", { class: "gl-game-parts" }, parts, partsHelp.node);
  const side = el("div", { class: "gl-side" }, charts, split, rules.node);
  const left = el("div", { class: "gl-left" }, picture, layers);
  root.replaceChildren(bar, head, knobs, banner.node, el("div", { class: "gl-main" }, left, side));

  canvas.addEventListener("click", (event) => {
    if (!at || !game) return;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [at.x(event.clientX - box.left), at.y(event.clientY - box.top)];
    const [[xLow, xHigh], [yLow, yHigh]] = game.box;
    if (x < xLow || x > xHigh || y < yLow || y > yHigh) return;
    if (!marks.add(x, y)) banner.say(FULL, false);
  });

  // ---- drawing
  function draw() {
    if (!game || !at || !ctx) return;
    const now = time.now();
    drawPlane(ctx, theme(), game, at, now, hidden);
    far.redraw();
  }

  /** @param {import("./types.js").Room} room */
  function arrange({ width, height, u, narrow }) {
    if (!game) return;
    const top = left.parentElement?.offsetTop ?? 0;
    const gap = Math.round(18 * u);
    const rest = Math.max(300, height - top);
    const square = narrow ? width : Math.round(Math.min(rest - layers.offsetHeight, width * 0.5));
    picture.style.width = layers.style.width = `${square}px`;
    picture.style.height = `${square}px`;
    ctx = fit(canvas, square, square);
    at = places(game, square, square, u);
    marks.place(game.starts, at, game.variables, newest);
    const wide = narrow ? width : width - square - gap;
    side.style.width = `${wide}px`;
    const tall = narrow ? Math.round(230 * u) : Math.round(Math.min(0.48 * rest, 0.46 * wide));
    const first = narrow ? wide : Math.round(Math.min(0.42 * wide, tall * 1.25));
    eigen.resize(first, tall, theme());
    far.resize(narrow ? wide : wide - first - Math.round(10 * u), tall, theme());
    placeHelp(eigen.node, [{ id: "eigenvalues", what: _("the picture of eigenvalues"), lines: game.help.eigenvalues, x: 30 * u, y: 10 * u }]);
    placeHelp(far.node, [
      { id: "distance", what: _("the distance"), lines: [...game.help.distance, ...game.help.rates], x: 30 * u, y: 10 * u },
    ]);
    about.set(_("this game"), [
      [game.title, game.doc, ""],
      [_("Source:"), game.cite, ""],
      ...game.help.plane,
      ...game.runs.map((run) => /** @type {import("./types.js").HelpLine} */ ([run.title, run.doc, ""])),
    ]);
    rules.node.style.maxHeight = narrow ? "" : `${rest - tall - split.offsetHeight - Math.round(20 * u)}px`;
    time.redraw();
  }

  function tell() {
    if (!game) return;
    chosen = Math.min(chosen, game.starts.length - 1);
    rules.show(game, chosen, hidden);
  }

  /**
   * @param {Game} made
   * @param {boolean} whole
   */
  function show(made, whole) {
    [game, newest] = [made, whole];
    counters.run = 0;
    const kinds = JSON.stringify([game.game, game.knobs.map(({ field }) => field)]);
    if (kinds !== built) {
      built = kinds;
      row = knobRow(game.knobs, ({ field, value }) => server.turn({ [String(field)]: String(value) }));
      knobs.replaceChildren(row.node);
      games.replaceChildren(...game.games.map(([value, title]) => el("option", { value }, title)));
      equation.innerHTML = game.equation; // MathML that the server made of the game's own formula
      setText(watch, game.watch);
    }
    row?.values(game.values);
    games.value = game.game;
    const preset = game.presets.find(([, , , query]) => query === game?.query);
    presets.replaceChildren(
      el("option", { value: "" }, _("presets…")),
      ...game.presets.map(([name, title, , query]) => el("option", { value: query, "data-name": name }, title)),
    );
    presets.value = preset ? preset[3] : "";
    setText(watch, preset ? preset[2] : game.watch);
    toLab.hidden = !made.lab;
    if (made.lab) {
      lab.href = `${labs[1]}?${made.lab.query}`;
      labHelp.set(_("different in the lab"), made.lab.help);
    }
    split.hidden = !made.parts;
    if (made.parts) {
      const [s, a] = made.parts;
      setText(parts, _("At the equilibrium J = S + A: ‖S‖ = {s}, ‖A‖ = {a}; {a2} % of ‖J‖² rotates", { s: short(s), a: short(a), a2: short((100 * a * a) / (s * s + a * a || 1)) }));
      partsHelp.set(_("S and A"), game.help.parts);
    }
    fewer.disabled = game.starts.length < 2;
    banner.say(game.notes.join(" "), game.notes.length > 0);
    tell();
    layout();
    time.length(game.updates);
    root.dataset.drawn = "";
  }

  return open();
}
