// Beside the strategies: max-min against min-max, and the regret over time.

import { chart, overUpdates } from "./chart.js";
import { frame } from "./complex_plane.js";
import { font, named, short, ticks } from "./plot.js";
import { SIZES } from "./tokens.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {CanvasRenderingContext2D} Ctx */

const FLOOR = 1e-6; // of the regret that is drawn
const PLAYERS = ["G", "D"]; // the colours of the row and of the column player
const cut = (/** @type {string} */ name, most = 9) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);

/**
 * What a player is sure of and what the other one can hold it to, in its own pay-offs; {node, resize, redraw}.
 *
 * @param {() => Matrix | null} get
 */
export function securityChart(get) {
  return chart({ "data-testid": "security", "aria-label": _("Max-min against min-max") }, (ctx, theme, width, height) => {
    const game = get();
    if (!game) return;
    const player = game.of === "row" ? 0 : 1;
    const own = game.security[player];
    /** @type {number[][]} */
    const pays = player ? game.columns.map((/** @type {string} */ _, /** @type {number} */ j) => game.pays[1].map((/** @type {number[]} */ row) => row[j])) : game.pays[0];
    const names = [game.rows, game.columns];
    const u = theme.u;
    const all = pays.flat();
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const spread = most - least || 1;
    const [low, high] = [least - 0.07 * spread, most + 0.09 * spread];
    const left = 40 * u;
    const gap = 12 * u;
    const wide = (width - left - gap - 8 * u) / 2;
    const top = 36 * u;
    const tall = height - top - 36 * u;
    const py = (/** @type {number} */ v) => top + (tall * (high - v)) / (high - low);
    ctx.font = font(theme, SIZES.title, 600);
    ctx.fillStyle = theme.text;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    const who = player ? _("column") : _("row");
    ctx.fillText(_("{who} player's pay-off", { who }), left - 14 * u, 13 * u);
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const [t, text] of named(ticks(low, high, Math.max(3, tall / (34 * u))))) ctx.fillText(text, left - 5 * u, py(t));
    const sides = [
      { who: player, x: left, mixed: own.own, lines: pays, title: _("max-min"), end: Math.min },
      { who: 1 - player, x: left + wide + gap, mixed: own.other, lines: pays[0].map((_, j) => pays.map((row) => row[j])), title: _("min-max"), end: Math.max },
    ];
    for (const side of sides) {
      const role = PLAYERS[side.who];
      ctx.strokeStyle = theme.line;
      ctx.lineWidth = 1;
      ctx.strokeRect(Math.round(side.x) + 0.5, Math.round(top) + 0.5, Math.round(wide), Math.round(tall));
      ctx.font = font(theme, SIZES.panel_axis, 600);
      ctx.fillStyle = theme.ink(role);
      ctx.textAlign = "left";
      ctx.textBaseline = "alphabetic";
      ctx.fillText(_("{who}: {title}", { who: side.who ? _("column") : _("row"), title: side.title }), side.x + 2, 30 * u);
      if (side.lines.length === 2) envelope(ctx, theme, side, { wide, top, tall, py, role }, names[side.who], names[1 - side.who]);
      else dots(ctx, theme, side, { wide, top, tall, py, role }, names[side.who]);
    }
    // The value, across both: where they meet.
    ctx.strokeStyle = theme.role("accent");
    ctx.lineWidth = 1.5 * u;
    ctx.setLineDash([5 * u, 4 * u]);
    ctx.beginPath();
    ctx.moveTo(left, py(own.value));
    ctx.lineTo(left + 2 * wide + gap, py(own.value));
    ctx.stroke();
    ctx.setLineDash([]);
    // Its number is above, where it covers no name.
    ctx.font = font(theme, SIZES.panel_axis, 600);
    ctx.textAlign = "right";
    const says = `${game.opposed ? _("value") : _("sure of")} ${own.texts[2]}`;
    ctx.fillStyle = theme.ink("accent");
    ctx.textBaseline = "alphabetic";
    ctx.fillText(says, width - 30 * u, 13 * u);
  });
}

/**
 * A player with two strategies: a line for each strategy of the other one, and what is left of them at worst.
 *
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {{x: number, mixed: number[], lines: number[][], end: (...values: number[]) => number}} side
 * @param {{wide: number, top: number, tall: number, py: (v: number) => number, role: string}} at
 * @param {string[]} names
 * @param {string[]} others
 */
function envelope(ctx, theme, { x, mixed, lines, end }, { wide, top, tall, py, role }, names, others) {
  const u = theme.u;
  const px = (/** @type {number} */ p) => x + p * wide;
  const at = (/** @type {number} */ p, /** @type {number} */ j) => p * lines[0][j] + (1 - p) * lines[1][j];
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = 1.1 * u;
  ctx.beginPath();
  others.forEach((_, j) => {
    ctx.moveTo(px(0), py(at(0, j)));
    ctx.lineTo(px(1), py(at(1, j)));
  });
  ctx.stroke();
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.fillStyle = theme.muted;
  // The name of each line at the end where it is farther from the others.
  others.forEach((name, j) => {
    const gap = (/** @type {number} */ p) => Math.min(...others.map((_, k) => (k === j ? Infinity : Math.abs(py(at(p, k)) - py(at(p, j))))));
    const right = gap(1) >= gap(0);
    ctx.textAlign = right ? "right" : "left";
    ctx.textBaseline = at(right ? 1 : 0, j) > at(right ? 0.9 : 0.1, j) ? "top" : "bottom";
    const y = py(at(right ? 0.97 : 0.03, j));
    ctx.fillText(cut(name), px(right ? 1 : 0) + (right ? -4 : 4) * u, ctx.textBaseline === "top" ? y + 5 * u : y - 3 * u);
  });
  ctx.strokeStyle = theme.role(role);
  ctx.lineWidth = 3 * u;
  ctx.beginPath();
  const worst = (/** @type {number} */ p) => end(...others.map((_, j) => at(p, j)));
  for (let k = 0; k <= 200; k++) ctx.lineTo(px(k / 200), py(worst(k / 200)));
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(px(mixed[0]), py(worst(mixed[0])), 5 * u, 0, 2 * Math.PI);
  ctx.fillStyle = theme.role("accent");
  ctx.fill();
  ctx.fillStyle = theme.muted;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  ctx.fillText(cut(names[1], 8), x + 2, top + tall + 4 * u);
  ctx.textAlign = "right";
  ctx.fillText(cut(names[0], 8), x + wide - 2, top + tall + 4 * u);
  ctx.font = font(theme, SIZES.panel_axis, 600);
  ctx.fillStyle = theme.ink("accent");
  ctx.textAlign = "center";
  ctx.fillText(short(mixed[0]), Math.min(x + wide - 20 * u, Math.max(x + 20 * u, px(mixed[0]))), top + tall + 18 * u);
}

/**
 * A player with more strategies: of each, and of the best mixture, its pay-offs against the other one's; the end is ringed.
 *
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {{x: number, mixed: number[], lines: number[][], end: (...values: number[]) => number}} side
 * @param {{wide: number, top: number, tall: number, py: (v: number) => number, role: string}} at
 * @param {string[]} names
 */
function dots(ctx, theme, { x, mixed, lines, end }, { wide, top, tall, py, role }, names) {
  const u = theme.u;
  const best = lines[0].map((_, j) => lines.reduce((sum, row, i) => sum + mixed[i] * row[j], 0));
  const every = [...lines, best];
  const room = wide / every.length;
  ctx.font = font(theme, SIZES.panel_axis);
  every.forEach((row, i) => {
    const px = x + room * (i + 0.5);
    const last = i === every.length - 1;
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = u;
    ctx.beginPath();
    ctx.moveTo(px, py(Math.min(...row)));
    ctx.lineTo(px, py(Math.max(...row)));
    ctx.stroke();
    ctx.fillStyle = theme.muted;
    for (const v of row) {
      ctx.beginPath();
      ctx.arc(px, py(v), 2.5 * u, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.beginPath();
    ctx.arc(px, py(end(...row)), 5 * u, 0, 2 * Math.PI);
    ctx.strokeStyle = theme.role(last ? "accent" : role);
    ctx.lineWidth = 2 * u;
    ctx.stroke();
    ctx.fillStyle = last ? theme.ink("accent") : theme.muted;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    // Every second name is a row lower.
    ctx.fillText(last ? _("mixed") : cut(names[i], Math.max(4, Math.floor(room / (3.4 * u)))), px, top + tall + (i % 2 ? 17 : 4) * u);
  });
}

/**
 * The regret of the play and of its average, on a logarithmic axis; {node, resize, redraw}.
 *
 * @param {() => {game: Matrix, now: number, point: number, hidden: Set<string>} | null} get
 */
export function regretChart(get) {
  return chart({ "data-testid": "regret", "aria-label": _("Regret over time") }, (ctx, theme, width, height) => {
    const state = get();
    if (!state) return;
    const { game, now, point, hidden } = state;
    const u = theme.u;
    const { left, top, w, h } = frame(ctx, theme, width, height, _("regret"), _("0 at an equilibrium"));
    const [, points] = game.shape.regret;
    const of = (/** @type {string} */ name) => game.a[name].subarray(point * points, (point + 1) * points);
    const curves = /** @type {[string, string, number[], string][]} */ ([["regret", "run0", [], _("of the play")], ["mean_regret", "run2", [1.5 * u, 3.5 * u], _("of its average")]])
      .filter(([name]) => !hidden.has(name === "regret" ? "path" : "mean"));
    let [low, high] = [Infinity, 0];
    for (const [name] of curves) {
      for (const v of of(name)) {
        if (v > FLOOR) low = Math.min(low, v);
        high = Math.max(high, v);
      }
    }
    if (!(high > FLOOR)) [low, high] = [FLOOR, 1];
    low = Math.min(low, high / 10);
    const [a, b] = [Math.log(low) - 0.15, Math.log(high) + 0.15];
    const px = (/** @type {number} */ t) => left + (w * t) / (points - 1);
    const py = (/** @type {number} */ v) => top + (h * (b - Math.log(Math.max(v, low * 0.9)))) / (b - a);
    overUpdates(ctx, theme, { left, top, w, h }, points - 1, [a, b], px, py);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, w, h);
    ctx.clip();
    curves.forEach(([name, role, dash, title], i) => {
      const values = of(name);
      ctx.strokeStyle = ctx.fillStyle = theme.role(role);
      ctx.lineWidth = (dash.length ? 2.4 : 1.4) * u;
      ctx.lineCap = dash.length ? "round" : "butt";
      ctx.setLineDash(dash);
      ctx.beginPath();
      for (let t = 0; t < points; t++) ctx.lineTo(px(t), py(values[t]));
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.lineCap = "butt";
      const t = Math.min(points - 1, Math.floor(now));
      ctx.beginPath();
      ctx.arc(px(t), py(values[t]), 4 * u, 0, 2 * Math.PI);
      ctx.fill();
      ctx.textAlign = "left";
      ctx.textBaseline = "middle";
      const y = top + h - (26 - 15 * i) * u;
      ctx.fillStyle = theme.back;
      ctx.globalAlpha = 0.8;
      ctx.fillRect(left + 3 * u, y - 7 * u, ctx.measureText(title).width + 8 * u, 14 * u);
      ctx.globalAlpha = 1;
      ctx.fillStyle = theme.ink(role);
      ctx.fillText(title, left + 7 * u, y);
    });
    ctx.restore();
  });
}
