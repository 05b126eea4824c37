// The page of games: a phase portrait that plays, its eigenvalues, distances and verdicts.
//
// mount(root, {answers}) -> {update(), destroy()}; answers: the address below which the server answers.
// The page's address is the only state: each change makes a new query, and the answer to it is shown.

import { asker } from "./asker.js";
import { counters } from "./counters.js";
import { el, fillTrack, icon, setText } from "./dom.js";
import { exportMenu } from "./export.js";
import { points } from "./games_points.js";
import { drawPlane, places } from "./games_plane.js";
import { verdicts } from "./games_rules.js";
import { distance, eigenvalues } from "./games_side.js";
import { helpButton, placeHelp } from "./help.js";
import { knobRow } from "./knobs.js";
import { applyRoom, roomOf } from "./layout.js";
import { makeBanner } from "./page.js";
import { fit } from "./plot.js";
import { stage } from "./stage.js";

/** @typedef {import("./types.js").Game} Game */

const LEAST = 470; // px of height
const SPEEDS = [2, 5, 10, 20, 40, 60, 120, 240]; // updates per second
const FULL = "There are eight starting points, the most that a picture has. Remove one first.";
/** @type {import("./export.js").Item[]} */
const FILES = [
  ["python", "Copy as Python", "the same trajectories, with ganlab"],
  ["csv", "Trajectories as CSV", "every point in full precision"],
  ["png", "Picture as PNG, 2×", "what is on the screen"],
  ["svg", "Picture as SVG", "the same as lines and text"],
  ["film", "Film, 10 seconds", "what the page shows from now on"],
];

/**
 * @param {HTMLElement} root
 * @param {{answers: string}} options
 */
export function mount(root, { answers }) {
  /** @type {Game | null} */
  let game = null;
  let now = 0; // in updates
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let speed = 60;
  let chosen = 0; // the point whose distances and verdicts are shown
  /** @type {Set<string>} */
  const hidden = new Set();
  let dead = false;
  let frame = 0;
  let before = 0; // the time of the last frame
  let mark = ""; // identifies the current sizes
  let built = ""; // identifies the current knobs
  /** @type {import("./games_plane.js").Places | null} */
  let at = null;
  /** @type {CanvasRenderingContext2D | null} */
  let ctx = null;
  const banner = makeBanner(() => layout());

  /** @type {ReturnType<typeof asker<Game>>} */
  const server = asker(root, { answers, show, trouble: (text) => banner.say(text, true) });

  // ---- the controls
  const button = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ act, /** @type {(Node | string)[]} */ ...content) =>
    el("button", {
      class: `gl-button gl-${id}`,
      type: "button",
      "data-testid": id,
      title,
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.detail > 0) /** @type {HTMLElement} */ (event.currentTarget).blur(); // space must play and pause again
        act();
      },
    }, ...content);
  const playWord = el("span", {}, "Play");
  const playIcon = el("span", { class: "gl-icons" }, icon("play"));
  const play = button("play", "Play or pause (space)", () => toggle(), playIcon, playWord);
  const back = button("back", "One update back (←, with shift ten)", () => jump(Math.ceil(now) - 1), "◂");
  const on = button("step", "One update on (→, with shift ten)", () => jump(Math.floor(now) + 1), "▸");
  back.setAttribute("aria-label", "One update back");
  on.setAttribute("aria-label", "One update on");
  const scrub = el("input", {
    class: "gl-range",
    type: "range",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    "data-testid": "scrub",
    "aria-label": "Update",
    title: "Drag to another update (Home and End: first and last)",
    oninput: () => jump(Number(scrub.value)),
  });
  const count = el("output", { class: "gl-value gl-when", "data-testid": "update" }, "");
  const pace = select("speed", "Updates per second", SPEEDS.map((n) => [String(n), `${n} updates/s`]), (value) => (speed = Number(value)));
  pace.value = String(speed);
  const games = select("game", "Game", [], (value) => {
    now = 0;
    server.ask(`game=${value}`);
  });
  const presets = select("preset", "Show one thing at a click", [], (query) => {
    if (!query) return;
    now = 0;
    playing = true;
    server.ask(query);
  });
  const fewer = button("fewer", "Remove the chosen starting point (Delete)", () => marks.remove(chosen), "− point");
  const more = button("more", "Add a starting point, opposite to the chosen one", () => {
    if (!game) return;
    const [x, y] = game.starts[chosen];
    const [[xLow, xHigh], [yLow, yHigh]] = game.box;
    if (!marks.add((xLow + xHigh - x) % 1e6, (yLow + yHigh - y) % 1e6)) banner.say(FULL, false);
  }, "+ point");
  const clear = button("one", "One starting point, the game's own", () => server.turn({ start: null }), "reset");
  const about = helpButton("game");
  const menu = exportMenu(({ value }) => give(String(value)), root, () => layout(), FILES);
  const bar = el(
    "div",
    { class: "gl-toolbar", role: "toolbar", "aria-label": "Time" },
    el("div", { class: "gl-group" }, play, back, on),
    el("label", { class: "gl-speed gl-scrub" }, scrub, count),
    pace,
    menu.node,
  );
  const equation = el("span", { class: "gl-game-math", tabindex: 0 });
  const watch = el("span", { class: "gl-game-watch", "data-testid": "watch" });
  const knobs = el("div", { class: "gl-knobs-box" });
  /** @type {ReturnType<typeof knobRow> | null} */
  let row = null;

  // ---- the picture, and what is beside it
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "data-testid": "plane", "aria-label": "Phase portrait" });
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
    const one = button(`layer-${id}`, says, () => {
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
    { class: "gl-legend", role: "group", "aria-label": "Layers" },
    layer("arrows", "gradients", "Where both players move, downhill in their own cost; lengths are compressed"),
    layer("nullclines", "nullclines", "Where one player's gradient is 0: the first player's solid, the second one's dotted"),
    more,
    fewer,
    clear,
  );
  for (const one of [more, fewer, clear]) one.classList.add("gl-small");
  const eigen = eigenvalues(() => game);
  const far = distance(() => game && { game, now, point: chosen, hidden });
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
  const side = el("div", { class: "gl-side" }, charts, rules.node);
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

  /**
   * @param {string} id
   * @param {string} label
   * @param {[string, string][]} choices
   * @param {(value: string) => void} act
   */
  function select(id, label, choices, act) {
    const node = el("select", { class: "gl-select", "data-testid": id, "aria-label": label, title: label, onchange: () => act(node.value) });
    node.append(...choices.map(([value, title]) => el("option", { value }, title)));
    return node;
  }

  // ---- time
  function toggle() {
    if (!game) return;
    playing = !playing;
    if (playing && now >= game.updates) now = 0;
    run();
  }

  /** @param {number} to */
  function jump(to) {
    if (!game) return;
    playing = false;
    now = Math.min(game.updates, Math.max(0, to));
    run();
  }

  function run() {
    setText(playWord, playing ? "Pause" : "Play");
    playIcon.replaceChildren(icon(playing ? "pause" : "play"));
    play.dataset.state = playing ? "playing" : "paused";
    counters.state = playing ? "playing" : "paused";
    draw();
    cancelAnimationFrame(frame);
    before = 0;
    if (playing && !dead) frame = requestAnimationFrame(tick);
  }

  /** @param {number} time */
  function tick(time) {
    if (dead || !game) return;
    if (before && !document.hidden) now = Math.min(game.updates, now + (speed * Math.min(200, time - before)) / 1000);
    before = time;
    if (now >= game.updates) playing = false;
    if (!playing) return void run();
    draw();
    frame = requestAnimationFrame(tick);
  }

  // ---- drawing
  function draw() {
    if (!game || !at || !ctx) return;
    const theme = ground.theme();
    drawPlane(ctx, theme, game, at, now, hidden);
    far.redraw();
    if (Number(scrub.value) !== Math.floor(now)) scrub.value = String(Math.floor(now));
    fillTrack(scrub);
    setText(count, `${Math.floor(now)} of ${game.updates}`);
    scrub.setAttribute("aria-valuetext", `update ${Math.floor(now)} of ${game.updates}`);
    counters.frames += 1;
    counters.iteration = Math.floor(now);
  }

  const sizes = () => JSON.stringify([roomOf(root, LEAST), window.devicePixelRatio, head.offsetHeight, knobs.offsetHeight, banner.node.offsetHeight]);

  function layout() {
    const room = dead || !game ? null : roomOf(root, LEAST);
    if (!room || !game) return;
    applyRoom(root, room);
    const { width, height, u, narrow } = room;
    const theme = ground.theme();
    theme.u = u;
    const top = left.parentElement?.offsetTop ?? 0;
    const gap = Math.round(18 * u);
    const rest = Math.max(300, height - top);
    const square = narrow ? width : Math.round(Math.min(rest - layers.offsetHeight, width * 0.5));
    picture.style.width = layers.style.width = `${square}px`;
    picture.style.height = `${square}px`;
    ctx = fit(canvas, square, square);
    at = places(game, square, square, u);
    marks.place(game.starts, at, game.variables);
    const wide = narrow ? width : width - square - gap;
    side.style.width = `${wide}px`;
    const tall = narrow ? Math.round(230 * u) : Math.round(Math.min(0.48 * rest, 0.46 * wide));
    const first = narrow ? wide : Math.round(Math.min(0.42 * wide, tall * 1.25));
    eigen.resize(first, tall, theme);
    far.resize(narrow ? wide : wide - first - Math.round(10 * u), tall, theme);
    placeHelp(eigen.node, [{ id: "eigenvalues", what: "the picture of eigenvalues", lines: game.help.eigenvalues, x: 30 * u, y: 10 * u }]);
    placeHelp(far.node, [
      { id: "distance", what: "the distance", lines: [...game.help.distance, ...game.help.rates], x: 30 * u, y: 10 * u },
    ]);
    about.set("this game", [
      [game.title, game.doc, ""],
      ["Source:", game.cite, ""],
      ...game.help.plane,
      ...game.runs.map((run) => /** @type {import("./types.js").HelpLine} */ ([run.title, run.doc, ""])),
    ]);
    rules.node.style.maxHeight = narrow ? "" : `${rest - tall - 8}px`;
    mark = sizes();
    draw();
  }

  function tell() {
    if (!game) return;
    chosen = Math.min(chosen, game.starts.length - 1);
    rules.show(game, chosen, hidden);
  }

  /** @param {Game} made */
  function show(made) {
    const first = game === null;
    const ended = game !== null && now >= game.updates;
    game = made;
    counters.run = 0;
    if (ended || now > game.updates) now = game.updates;
    scrub.max = String(game.updates);
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
      el("option", { value: "" }, "presets…"),
      ...game.presets.map(([name, title, , query]) => el("option", { value: query, "data-name": name }, title)),
    );
    presets.value = preset ? preset[3] : "";
    setText(watch, preset ? preset[2] : game.watch);
    fewer.disabled = game.starts.length < 2;
    banner.say(game.notes.join(" "), game.notes.length > 0);
    tell();
    layout();
    if (first) {
      if (!playing) now = game.updates;
      root.dataset.drawn = "";
      run();
    } else if (playing) run();
  }

  /** Answer the export menu. @param {string} kind */
  async function give(kind) {
    if (!game) return;
    const common = { type: /** @type {const} */ ("export"), what: kind, name: game.file, text: "", a: {}, shape: {} };
    if (kind === "sizes") return;
    if (kind === "python") void menu.receive({ ...common, name: game.file.replace(/json$/, "py"), text: game.python });
    else if (kind === "csv") {
      void menu.receive({ ...common, name: game.file.replace(/json$/, "csv"), text: await server.file(kind) });
    } else void menu.receive(common);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest?.(".gl-point, [role=menu], [role=dialog], [role=listbox], [role=combobox]")) return false;
    if (["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName) || target.isContentEditable) return false;
    if (target.tagName === "BUTTON" && event.key === " ") return false;
    const far = event.shiftKey ? 10 : 1;
    /** @type {Record<string, () => void>} */
    const keys = {
      " ": toggle,
      ArrowLeft: () => jump(Math.ceil(now) - far),
      ArrowRight: () => jump(Math.floor(now) + far),
      Home: () => jump(0),
      End: () => jump(game?.updates ?? 0),
    };
    const act = keys[event.key];
    if (!act || (event.repeat && event.key === " ")) return Boolean(act);
    act();
    return true;
  }

  const ground = stage(root, {
    classes: ["gl-games"],
    styles: ["live.css", "games.css"],
    layout,
    changed: () => sizes() !== mark,
    key,
  });
  ground.open();
  server.start();

  return {
    update: () => void (dead || ground.retheme()),
    destroy() {
      dead = true;
      cancelAnimationFrame(frame);
      server.close();
      banner.close();
      ground.close();
    },
  };
}
