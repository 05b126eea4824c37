// The tab "Repeated": a dilemma between two simple players, with a known last round or without.

import { barButton, barSelect, clock } from "./clock.js";
import { el, fill, setText } from "./dom.js";
import { handle } from "./handles.js";
import { helpButton, placeHelp } from "./help.js";
import { knobRow } from "./knobs.js";
import { discountChart, discountPlaces, matchChart, staircaseChart } from "./matrix_match.js";
import { short } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */

const SPEEDS = [1, 2, 4, 8, 16]; // rounds per second
const PAYS = [
  [_("temptation T"), _("Pay-off of the player who defects alone")],
  [_("reward R"), _("Pay-off of both if they cooperate")],
  [_("punishment P"), _("Pay-off of both if they defect")],
  [_("sucker S"), _("Pay-off of the player who cooperates alone")],
];

/** A pay-off with two digits and a true minus sign. @param {number} v */
const pay = (v) => v.toFixed(2).replace("-", "−");

/**
 * @param {import("./matrix.js").Page} page
 * @returns {import("./matrix.js").Tab}
 */
export function repeatedView(page) {
  /** @type {Matrix | null} */
  let game = null;
  const time = clock({ unit: _("round"), speeds: SPEEDS, speed: 4, draw });
  const inputs = PAYS.map(([title], i) =>
    el("input", {
      class: "gl-input gl-pay",
      inputmode: "decimal",
      "data-testid": `pay-${"trps"[i]}`,
      "aria-label": title,
      onchange: () => page.turn({ pays: inputs.map((one) => one.value.trim().replaceAll("−", "-").replaceAll(",", "_")).join(",") }, inputs[i]),
    }),
  );
  const pays = el("div", { class: "gl-pays-row" }, ...inputs.map((input, i) => el("label", { class: "gl-field" }, el("span", { title: PAYS[i][1] }, PAYS[i][0]), input)));
  const known = barSelect("known", _("Known pay-offs"), [], (value) => value && page.turn({ pays: value }));
  const end = barSelect("end", _("The end"), [], (value) => {
    time.restart();
    page.turn({ end: value });
  });
  const knobs = el("div", { class: "gl-knobs-box" });
  /** @type {ReturnType<typeof knobRow> | null} */
  let row = null;
  let built = "";
  const about = helpButton("repeated");
  const watch = el("span", { class: "gl-game-watch", "data-testid": "watch" });
  const head = el("div", { class: "gl-game-head" }, known, pays, end, about.node, knobs, watch);

  // ---- the table of all pairs
  const table = el("table", { class: "gl-pairs", "data-testid": "pairs" });
  /** @type {HTMLButtonElement[][]} */
  let cells = [];
  const verdict = el("p", { class: "gl-told", "data-testid": "verdict" });
  const plan = el("p", { class: "gl-told", "data-testid": "plan" });

  function build() {
    if (!game) return;
    /** @type {[string, string, string][]} */
    const players = game.players;
    const first = el("tr", {}, el("td", {}), ...players.map(([, title, doc]) => el("th", { scope: "col", title: doc }, title)));
    cells = players.map(([one, title]) => players.map(([other, name]) =>
      el("button", { type: "button", class: "gl-pair", "data-testid": `pair-${one}-${other}`, title: _("{title} against {name}", { title, name }), onclick: () => {
        time.restart();
        page.turn({ one, other });
      } })));
    table.replaceChildren(el("tbody", {}, first, ...players.map(([, title, doc], i) => el("tr", {}, el("th", { scope: "row", title: doc }, title), ...cells[i].map((one) => el("td", {}, one))))));
  }

  // ---- the match
  const match = matchChart(() => game && { game, now: time.now() });
  const again = barButton("again", _("Another match: draw by another seed"), () => game && page.turn({ seed: String(game.seed >= game.seeds[1] ? game.seeds[0] : game.seed + 1) }), _("another match"));
  again.classList.add("gl-small");
  const totals = el("p", { class: "gl-now", "data-testid": "totals" });
  const expected = el("p", { class: "gl-now", "data-testid": "expected" });

  // ---- pay-off against δ, or the staircase
  const discount = discountChart(() => game);
  const staircase = staircaseChart(() => game && { game, now: time.now() });
  /** @type {import("./handles.js").Places | null} */
  let at = null; // the places of δ on the axis
  let delta = 0;
  const layer = el("div", { class: "gl-points" });
  const knob = handle({
    id: "delta",
    layer,
    places: () => at,
    value: () => [delta, 0],
    move(x) {
      delta = Math.min(game?.most ?? 1, Math.max(0, +x.toFixed(3)));
      put();
      page.turn({ again: String(delta) });
    },
  });
  layer.append(knob.node);
  function put() {
    knob.put(delta, 0);
    knob.node.setAttribute("aria-label", _("Probability of another round: δ = {delta}. Arrow keys move it", { delta: short(delta) }));
    knob.node.title = _("δ = {delta}. Drag it", { delta: short(delta) });
  }
  const board = el("div", { class: "gl-picture gl-right" }, discount.node, staircase.node, layer);
  const formula = el("span", { class: "gl-game-math", tabindex: 0 });
  const crossing = el("span", { "data-testid": "crossing" });
  const threshold = el("p", { class: "gl-told" }, formula, " ", crossing);

  const players = el("dl", { class: "gl-players" });
  const left = el("div", { class: "gl-column" }, el("div", { class: "gl-pairs-box" }, table), verdict, plan, players);
  const matchBox = el("div", { class: "gl-picture" }, match.node);
  const middle = el("div", { class: "gl-column" }, matchBox, totals, expected, again);
  const right = el("div", { class: "gl-column" }, board, threshold);
  const main = el("div", { class: "gl-main" }, left, middle, right);
  const node = el("div", { class: "gl-view" }, head, main);

  /** @param {number} now */
  function draw(now) {
    if (!game) return;
    match.redraw();
    staircase.redraw();
    const at = Math.min(game.count, Math.floor(now));
    const sums = [0, 1].map((player) => {
      let sum = 0;
      for (let i = 0; i < at; i++) sum += game?.a.gets[2 * i + player] ?? 0;
      return sum;
    });
    setText(totals, at ? _("after {at} round{s}: {pay} and {pay2}, a mean of {pay3} and {pay4}", { at, s: at > 1 ? "s" : "", pay: pay(sums[0]), pay2: pay(sums[1]), pay3: pay(sums[0] / at), pay4: pay(sums[1] / at) }) : _("no round yet"));
  }

  return {
    node,
    time,
    show(made, newest) {
      game = made;
      if (newest && !knob.held()) delta = made.again;
      if (!cells.length) {
        build();
        players.replaceChildren(.../** @type {[string, string, string][]} */ (made.players).flatMap(([, title, doc]) => [el("dt", {}, title), el("dd", {}, doc)]));
      }
      made.pays.forEach((/** @type {number} */ v, /** @type {number} */ i) => fill(inputs[i], String(v).replace("-", "−")));
      const text = made.pays.join(",");
      const titles = made.known.map((/** @type {[string, string]} */ [title, value]) => el("option", { value }, title));
      known.replaceChildren(...(made.known.some((/** @type {[string, string]} */ [, value]) => value === text) ? [] : [el("option", { value: "" }, _("own pay-offs"))]), ...titles);
      known.value = made.known.some((/** @type {[string, string]} */ [, value]) => value === text) ? text : "";
      end.replaceChildren(...made.ends.map((/** @type {[string, string]} */ [value, title]) => el("option", { value }, title)));
      end.value = made.end;
      const fields = made.knobs.map((/** @type {{field: string}} */ { field }) => field).join();
      if (fields !== built) {
        built = fields;
        row = knobRow(made.knobs, ({ field, value }) => page.turn({ [String(field)]: String(value) }));
        knobs.replaceChildren(row.node);
      }
      row?.values(made.values);
      setText(watch, `${made.watch} (${made.cite})`);
      about.set(_("this tab"), [
        [_("Repeated dilemma"), made.watch, ""],
        [_("Source:"), made.cite, ""],
        .../** @type {[string, string, string][]} */ (made.players).map(([, title, doc]) => /** @type {import("./types.js").HelpLine} */ ([title, doc, ""])),
        ...made.help.pairs,
      ]);
      const stable = new Set(made.stable.map((/** @type {number[]} */ pair) => pair.join()));
      made.table.forEach((/** @type {number[]} */ values, /** @type {number} */ i) => values.forEach((v, j) => {
        const one = cells[i][j];
        setText(one, pay(v));
        const chosen = made.players[i][0] === made.one && made.players[j][0] === made.other;
        one.setAttribute("aria-pressed", String(chosen));
        one.dataset.stable = String(stable.has(`${i},${j}`));
        one.setAttribute("aria-label", `${one.title}: ${pay(v)}${stable.has(`${i},${j}`) ? _(", an equilibrium") : ""}`);
      }));
      setText(verdict, made.says);
      const other = made.players.find((/** @type {string[]} */ [name]) => name === made.other)[1];
      setText(plan, made.plan ? _("Best reply to {other} in {count} rounds: {map}", { other, count: made.plan.length, map: made.plan.map((/** @type {number} */ move) => (move ? "D" : "C")).join(" ") }) : "");
      setText(expected, _("expected, {which}: {pay} and {pay2} a round", { which: made.end === "known" ? "exactly" : _("over matches of every length"), pay: pay(made.expected[0]), pay2: pay(made.expected[1]) }));
      discount.node.hidden = layer.hidden = made.end === "known";
      staircase.node.hidden = !discount.node.hidden;
      formula.innerHTML = made.formula ?? ""; // MathML that the server made
      formula.hidden = !made.formula;
      setText(crossing, thresholdWords(made));
    },
    layout({ width, height, u, narrow }, top) {
      if (!game) return;
      const theme = page.theme();
      const gap = Math.round(18 * u);
      const rest = Math.max(340, height - top - main.offsetTop);
      const first = narrow ? width : Math.round(Math.max(table.scrollWidth + 4, 0.36 * width));
      const second = narrow ? width : Math.round((width - first - 2 * gap) * 0.48);
      const third = narrow ? width : width - first - second - 2 * gap;
      left.style.width = `${first}px`;
      middle.style.width = `${second}px`;
      right.style.width = board.style.width = `${third}px`;
      main.style.columnGap = `${gap}px`;
      const tall = narrow ? Math.round(300 * u) : Math.min(rest - Math.round(90 * u), Math.round(1.15 * third));
      matchBox.style.height = board.style.height = `${tall}px`;
      match.resize(second, tall, theme);
      (game.end === "known" ? staircase : discount).resize(third, tall, theme);
      placeHelp(match.node, [{ id: "match", what: _("a match"), lines: game.help.match, x: second - 14 * u, y: 10 * u }]);
      const known_ = game.end === "known";
      placeHelp(known_ ? staircase.node : discount.node, [
        known_
          ? { id: "staircase", what: _("the staircase"), lines: game.help.staircase, x: third - 14 * u, y: 10 * u }
          : { id: "discount", what: _("pay-off against δ"), lines: game.help.discount, x: third - 14 * u, y: 10 * u },
      ]);
      placeHelp(known_ ? discount.node : staircase.node, []);
      if (known_) return;
      const g = discountPlaces(game, third, tall, u);
      const low = g.top + g.h;
      at = {
        g: { left: g.left, top: low, w: g.w, bottom: low },
        px: g.px,
        py: () => low,
        x: (p) => (p - g.left) / g.w,
        y: () => 0,
      };
      put();
    },
  };
}

/** From which δ on the first player is a best reply, in words. @param {Matrix} made */
function thresholdWords(made) {
  if (made.end === "known") return _("With a known last round nothing holds cooperation: each best reply defects one round earlier.");
  const title = (/** @type {string} */ of) => made.players.find((/** @type {string[]} */ [name]) => name === of)[1];
  const pair = _("{title} is a best reply to {title2}", { title: title(made.one), title2: title(made.other) });
  if (made.crossing === null)
    return _("At δ = {most} another strategy does better than {title} against {title2}.", { most: made.most, title: title(made.one), title2: title(made.other) });
  if (made.crossing === 0) return _("{pair} at every δ.", { pair });
  const closed = made.closed_text ? _(" = {closed_text}; the curves cross at {crossing}: from there on ", { closed_text: made.closed_text, crossing: short(made.crossing, 4) }) : `From δ = ${short(made.crossing, 4)} on `;
  return `${closed}${pair}.`;
}
