// The tab "One game": the table and its equilibria, the strategies as they move, max-min and min-max.

import { chart } from "./chart.js";
import { barButton, barSelect, clock } from "./clock.js";
import { el, setText } from "./dom.js";
import { ofWhich, points } from "./games_points.js";
import { helpButton, placeHelp } from "./help.js";
import { knobRow } from "./knobs.js";
import { drawField, drawPaths, drawRest, inWords, playerPad, rounded, squarePad } from "./matrix_pads.js";
import { regretChart, securityChart } from "./matrix_side.js";
import { findings, tableEditor } from "./matrix_table.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */
/** @typedef {import("./matrix_pads.js").Pad} Pad */

const SPEEDS = [5, 10, 20, 40, 60, 120, 240]; // updates per second

/**
 * @param {import("./matrix.js").Page} page
 * @returns {import("./matrix.js").Tab}
 */
export function gameView(page) {
  /** @type {Matrix | null} */
  let game = null;
  /** @type {[number[], number[]][]} */
  let starts = [];
  let chosen = 0;
  let whole = true; // whether the answer has all that was moved
  /** @type {Pad[]} */
  let pads = [];
  /** @type {Set<string>} */
  const hidden = new Set();
  const time = clock({ unit: _("update"), speeds: SPEEDS, speed: 40, draw });

  // ---- what is chosen
  const games = barSelect("game", _("Game"), [], (value) => {
    if (!value || !game) return;
    time.restart();
    chosen = 0;
    page.ask(new URLSearchParams({ game: value, ...(game.rule.name === "replicator" ? {} : { dynamics: game.rule.name }) }).toString());
  });
  const rules = barSelect("dynamics", _("Dynamics"), [], (value) => {
    time.restart();
    page.turn({ dynamics: value });
  });
  const watch = el("span", { class: "gl-game-watch", "data-testid": "watch" });
  const equation = el("span", { class: "gl-game-math", tabindex: 0 });
  const about = helpButton("game");
  const knobs = el("div", { class: "gl-knobs-box" });
  /** @type {ReturnType<typeof knobRow> | null} */
  let row = null;
  let built = ""; // identifies the current knobs
  const table = tableEditor(page);
  const found = findings(page);

  // ---- the strategies
  const moved = (/** @type {number} */ player) => (/** @type {[number, number][]} */ places, /** @type {number} */ index) => {
    const pad = pads[player < 0 ? 0 : player];
    if (index >= starts.length) starts.push([[...starts[chosen][0]], [...starts[chosen][1]]]);
    const p = pad.back(...places[index]);
    if (player < 0) starts[index] = [rounded(p.slice(0, 2)), rounded(p.slice(2))];
    else starts[index][player] = rounded(p);
    send();
  };
  const choose = (/** @type {number} */ index) => {
    chosen = index;
    time.redraw();
  };
  const handles = [-1, 0, 1].map((player) =>
    points({ moved: moved(player), choose, removed: remove, id: player < 0 ? "point" : player ? "column-point" : "row-point" }),
  );
  function send() {
    page.turn({ start: starts.map(([x, y]) => [...x.slice(0, -1), ...y.slice(0, -1)].join(",")).join(",") });
  }
  /** @param {number} index */
  function remove(index) {
    if (starts.length < 2) return;
    starts.splice(index, 1);
    chosen = Math.min(chosen, starts.length - 1);
    send();
  }
  function add() {
    if (!game) return;
    if (starts.length >= game.bounds.starts) return page.say(_("There are {starts} starting points, the most that a picture has. Remove one first.", { starts: game.bounds.starts }));
    const other = (/** @type {number[]} */ p) => rounded([...p.slice(1), p[0]]);
    starts.push([other(starts[chosen][0]), other(starts[chosen][1])]);
    chosen = starts.length - 1;
    send();
  }
  const picture = chart({ "data-testid": "strategies", "aria-label": _("The strategies as they move") }, (ctx, theme) => {
    if (!game) return;
    const square = pads.length === 1;
    pads.forEach((pad, player) => {
      pad.frame(ctx, theme);
      if (!game) return;
      if (square && !hidden.has("field")) drawField(ctx, theme, game, pad);
      drawPaths(ctx, theme, game, pad, square || !player ? 0 : game.rows.length, time.now(), hidden);
      drawRest(ctx, theme, game, pad, square ? -1 : player);
    });
  });
  const board = el("div", { class: "gl-picture gl-strategies" }, picture.node, ...handles.map((one) => one.node));
  picture.node.addEventListener("click", (event) => {
    if (pads.length !== 1 || !game) return;
    const box = picture.node.getBoundingClientRect();
    const { ground } = pads[0];
    const [x, y] = [ground.x(event.clientX - box.left), ground.y(event.clientY - box.top)];
    if (Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5)) > 0.5) return;
    if (starts.length >= game.bounds.starts) return add();
    chosen = starts.length;
    starts.push([rounded([x, 1 - x]), rounded([y, 1 - y])]);
    send();
  });
  const layer = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ says) => {
    const one = barButton(`layer-${id}`, says, () => {
      if (!hidden.delete(id)) hidden.add(id);
      one.setAttribute("aria-pressed", String(!hidden.has(id)));
      time.redraw();
    }, el("i", { class: "gl-key", "data-key": `matrix-${id}` }), title);
    one.className = "gl-layer";
    one.setAttribute("aria-pressed", "true");
    return one;
  };
  const fewer = barButton("fewer", _("Remove the chosen starting point (Delete)"), () => remove(chosen), _("− point"));
  const more = barButton("more", _("Add a starting point"), add, _("+ point"));
  const reset = barButton("one", _("The game's own starting points"), () => page.turn({ start: null }), _("reset"));
  for (const one of [more, fewer, reset]) one.classList.add("gl-small");
  const fields = layer("field", _("arrows"), _("Where one update leads; lengths are compressed"));
  const layers = el("div", { class: "gl-legend", role: "group", "aria-label": _("Layers") },
    layer("path", _("play"), _("The strategies of both players")), layer("mean", _("average"), _("The average of the strategies so far")), fields, more, fewer, reset);
  const lines = /** @type {const} */ (["play", "average"]).map((id) => el("p", { class: "gl-now", "data-testid": `now-${id}` }));
  const verdict = el("p", { class: "gl-told", "data-testid": "verdict" });
  const ofStart = el("p", { class: "gl-quiet", "data-testid": "of-start" });
  const readout = el("div", { class: "gl-readout-box" }, ofStart, ...lines, verdict);

  // ---- beside them
  const security = securityChart(() => game);
  const regret = regretChart(() => game && { game, now: time.now(), point: chosen, hidden });
  const says = el("p", { class: "gl-told", "data-testid": "security-says" });
  const whose = barSelect("of", _("Whose pay-offs"), [["row", _("of the row player")], ["column", _("of the column player")]], (value) => page.turn({ of: value === "row" ? null : value }));

  const head = el("div", { class: "gl-game-head" }, games, rules, knobs, equation, about.node, watch);
  const left = el("div", { class: "gl-column gl-scrolls" }, table.node, found.node, readout);
  const middle = el("div", { class: "gl-column" }, board, layers);
  const right = el("div", { class: "gl-column" }, security.node, says, whose, regret.node);
  const main = el("div", { class: "gl-main" }, left, middle, right);
  const node = el("div", { class: "gl-view" }, head, main);

  /** Draw what moves. @param {number} now */
  function draw(now) {
    if (!game) return;
    picture.redraw();
    regret.redraw();
    const [, points_, each] = game.shape.path;
    const at = Math.min(points_ - 1, Math.floor(now));
    const m = game.rows.length;
    setText(verdict, game.says[chosen] ?? "");
    setText(ofStart, ofWhich(chosen, game.starts.length));
    ofStart.hidden = game.starts.length < 2;
    lines.forEach((line, k) => {
      if (!game) return;
      const [name, regretName, word] = k ? ["mean", "mean_regret", _("average")] : ["path", "regret", _("play")];
      const from = (chosen * points_ + at) * each;
      const p = [...game.a[name].subarray(from, from + each)];
      const r = game.a[regretName][chosen * points_ + at];
      setText(line, _("{word}: {inWords} | {inWords2} · regret {r}", { word, inWords: inWords(game.rows, p.slice(0, m)), inWords2: inWords(game.columns, p.slice(m)), r: r.toFixed(3) }));
    });
  }

  return {
    node,
    time,
    show(made, newest) {
      game = made;
      whole = newest;
      if (newest) starts = made.starts.map((/** @type {[number[], number[]]} */ [x, y]) => [[...x], [...y]]);
      chosen = Math.min(chosen, made.starts.length - 1);
      games.replaceChildren(
        ...(made.game ? [] : [el("option", { value: "" }, _("your own game"))]),
        ...made.presets.map((/** @type {[string, string]} */ [value, title]) => el("option", { value }, title)),
      );
      games.value = made.game;
      rules.replaceChildren(...made.rules.map((/** @type {[string, string]} */ [value, title]) => el("option", { value }, title)));
      rules.value = made.rule.name;
      equation.innerHTML = made.rule.equation; // MathML that the server made of the dynamics' formula
      const about_ = /** @type {const} */ ([[made.title, made.watch, made.cite], [made.rule.title, made.rule.doc, made.rule.cite]]);
      watch.replaceChildren(...about_.filter(([, says]) => says).map(([title, says, cite]) => el("span", {}, el("b", {}, `${title}: `), cite ? `${says} (${cite})` : says)));
      const kinds = made.knobs.map((/** @type {{field: string}} */ { field }) => field).join();
      if (kinds !== built) {
        built = kinds;
        row = knobRow(made.knobs, ({ field, value }) => page.turn({ [String(field)]: String(value) }));
        knobs.replaceChildren(row.node);
      }
      row?.values(made.values);
      about.set(_("this page"), [
        [made.title, made.watch, ""],
        ...(made.cite ? [/** @type {import("./types.js").HelpLine} */ ([_("Source:"), made.cite, ""])] : []),
        [made.rule.title, `${made.rule.doc} (${made.rule.cite})`, ""],
        ...made.help.table,
        ...made.help.equilibria,
      ]);
      table.show(made);
      found.show(made, newest);
      fewer.disabled = starts.length < 2;
      whose.hidden = made.zero;
      whose.value = made.of;
      setText(says, made.security[made.of === "row" ? 0 : 1].says);
    },
    layout({ width, height, u, narrow }, top) {
      if (!game) return;
      const theme = page.theme();
      const gap = Math.round(16 * u);
      const rest = Math.max(360, height - top - main.offsetTop);
      const [m, n] = [game.rows.length, game.columns.length];
      const square = m === 2 && n === 2;
      fields.hidden = !square;
      const first = narrow ? width : Math.round(Math.max(table.width(), 0.33 * width));
      const second = narrow ? width : Math.round(Math.min(0.36 * width, width - first - 2 * gap - 230 * u));
      const third = narrow ? width : width - first - second - 2 * gap;
      left.style.width = `${first}px`;
      middle.style.width = board.style.width = `${second}px`;
      right.style.width = `${third}px`;
      main.style.columnGap = `${gap}px`;
      for (const one of [left, middle, right]) one.style.height = narrow ? "" : `${rest}px`;
      const tall = narrow ? Math.round(square ? second * 1.08 : second * 1.5) : Math.max(200, rest - layers.offsetHeight - Math.round(8 * u));
      board.style.height = `${tall}px`;
      const box = { x: 0, y: 0, w: second, h: tall };
      if (square) pads = [squarePad({ ...box, h: Math.min(tall, second * 1.12) }, u, game.rows, game.columns)];
      else {
        const half = Math.floor((tall - 6 * u) / 2);
        pads = [
          playerPad({ ...box, h: half }, u, game.rows, "G", _("row player")),
          playerPad({ ...box, y: half + 6 * u, h: half }, u, game.columns, "D", _("column player")),
        ];
      }
      picture.resize(second, tall, theme);
      handles.forEach((one, k) => {
        const used = square ? k === 0 : k > 0;
        one.node.hidden = !used;
        if (!used) return;
        const pad = pads[square ? 0 : k - 1];
        one.place(starts.map(([x, y]) => pad.start(square ? [...x, ...y] : k === 1 ? x : y)), pad.ground, ["x", "y"], whole);
      });
      const texts = says.offsetHeight + (whose.hidden ? 0 : whose.offsetHeight) + Math.round(22 * u);
      const charts = narrow ? 480 * u : Math.max(240, rest - texts);
      security.resize(third, Math.round(charts * 0.56), theme);
      regret.resize(third, Math.round(charts * 0.44), theme);
      placeHelp(picture.node, [{ id: "square", what: _("the picture of strategies"), lines: game.help.square, x: second - 14 * u, y: 10 * u }]);
      placeHelp(security.node, [{ id: "security", what: _("max-min and min-max"), lines: game.help.security, x: third - 14 * u, y: 10 * u }]);
      placeHelp(regret.node, [{ id: "regret", what: _("the regret"), lines: game.help.regret, x: third - 14 * u, y: 10 * u }]);
    },
  };
}
