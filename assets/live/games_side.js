// Beside the phase portrait: the eigenvalues of an update in the complex plane, and the distance over time.

import { chart } from "./chart.js";
import { dashesOf, font, logTicks, named, power, short, ticks, trace } from "./plot.js";
import { SIZES } from "./tokens.js";

/** @typedef {import("./types.js").Game} Game */
/** @typedef {import("./types.js").Theme} Theme */

const LEAST = 0.15; // half the width of the eigenvalues' axes
const WHOLE = 0.85; // from which on the whole circle is shown
const FLOOR = 1e-13; // of distances

/** @param {Game} game */
function window_(game) {
  /** @type {[number, number][]} */
  const all = [];
  game.runs.forEach((run, i) => {
    for (const name of ["closed", "measured"]) {
      const a = game.a[`${name}.${i}`] ?? [];
      for (let k = 0; k < a.length; k += 2) all.push([a[k], a[k + 1]]);
    }
  });
  const largest = all.filter(([re, im]) => Math.hypot(re, im) > 0.5);
  if (!largest.length) return { centre: 0, half: 1.25 };
  const low = Math.min(...largest.map(([re]) => re), 1);
  const high = Math.max(...largest.map(([re]) => re), 1);
  const tall = Math.max(...largest.map(([, im]) => Math.abs(im)));
  const half = Math.max(LEAST, 1.25 * tall, 0.75 * (high - low));
  if (half > WHOLE) return { centre: 0, half: Math.max(1.25, 1.1 * Math.max(...all.map(([re, im]) => Math.hypot(re, im)))) };
  return { centre: (low + high) / 2, half };
}

/** {node, resize, redraw}: the eigenvalues, closed forms as rings and measured ones as dots. @param {() => Game | null} get */
export function eigenvalues(get) {
  return chart({ "data-testid": "eigenvalues", "aria-label": "Eigenvalues of one update in the complex plane" }, (ctx, theme, width, height) => {
    const game = get();
    if (!game) return;
    const u = theme.u;
    const { left, top, w, h } = frame(ctx, theme, width, height, "eigenvalues μ of one update", "");
    const side = Math.min(w, h);
    const x0 = left + (w - side) / 2;
    const { centre, half } = window_(game);
    const px = (/** @type {number} */ re) => x0 + (side * (re - centre + half)) / (2 * half);
    const py = (/** @type {number} */ im) => top + (h - side) / 2 + (side * (half - im)) / (2 * half);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, w, h);
    ctx.clip();
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(left, Math.round(py(0)) + 0.5);
    ctx.lineTo(left + w, Math.round(py(0)) + 0.5);
    ctx.moveTo(Math.round(px(0)) + 0.5, top);
    ctx.lineTo(Math.round(px(0)) + 0.5, top + h);
    ctx.stroke();
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 1.4 * u;
    ctx.beginPath();
    ctx.arc(px(0), py(0), Math.abs(px(1) - px(0)), 0, 2 * Math.PI);
    ctx.stroke();
    game.runs.forEach((run, i) => {
      if (run.refused) return;
      const [closed, measured] = [game.a[`closed.${i}`], game.a[`measured.${i}`]];
      ctx.strokeStyle = ctx.fillStyle = theme.role(run.role);
      ctx.lineWidth = 1.8 * u;
      for (let k = 0; k < closed.length; k += 2) {
        ctx.beginPath();
        ctx.arc(px(closed[k]), py(closed[k + 1]), 6.5 * u, 0, 2 * Math.PI);
        ctx.stroke();
      }
      for (let k = 0; k < measured.length; k += 2) {
        ctx.beginPath();
        ctx.arc(px(measured[k]), py(measured[k + 1]), 3 * u, 0, 2 * Math.PI);
        ctx.fill();
      }
    });
    ctx.restore();
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    // The name of the circle, where it leaves the picture or at its top.
    const im = Math.min(0.93 * half, 0.93);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillText("|μ| = 1", px(Math.sqrt(1 - im * im)) - 6 * u, py(-im));
    ctx.textAlign = "left";
    ["○ closed form", "● measured"].forEach((text, i) => ctx.fillText(text, left + 6 * u, top + (11 + 15 * i) * u));
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    const reach = (w / side) * half;
    for (const [t, text] of named(ticks(centre - reach, centre + reach, Math.max(2, w / (60 * u))))) {
      if (px(t) > left + 10 * u && px(t) < left + w - 10 * u) ctx.fillText(text, px(t), top + h + 5 * u);
    }
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const up = (h / side) * half;
    for (const [t, text] of named(ticks(-up, up, Math.max(3, h / (45 * u))))) {
      if (py(t) > top + 6 * u && py(t) < top + h - 4 * u) ctx.fillText(text === "0" ? text : `${text} i`, left - 5 * u, py(t));
    }
  });
}

/**
 * {node, resize, redraw}: the distance to the equilibrium over the updates, and the predicted slopes.
 *
 * @param {() => {game: Game, now: number, point: number, hidden: Set<string>} | null} get
 */
export function distance(get) {
  return chart({ "data-testid": "distance", "aria-label": "Distance to the equilibrium over time" }, (ctx, theme, width, height) => {
    const state = get();
    if (!state) return;
    const { game, now, point, hidden } = state;
    const u = theme.u;
    const { left, top, w, h } = frame(ctx, theme, width, height, "distance to the equilibrium", "thin: predicted slope");
    const shown = game.runs.map((run, i) => ({ run, i })).filter(({ run }) => !run.refused && !hidden.has(run.rule));
    const curve = (/** @type {number} */ i) => {
      const [, points] = game.shape[`distance.${i}`];
      return game.a[`distance.${i}`].subarray(point * points, (point + 1) * points);
    };
    let [low, high] = [Infinity, -Infinity];
    for (const { i } of shown) {
      for (const value of curve(i)) {
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, Math.max(value, FLOOR));
        high = Math.max(high, value);
      }
    }
    if (!(high > 0)) return;
    low = Math.min(low, high / 3);
    high = Math.max(high, low * 3);
    const [a, b] = [Math.log(low) - 0.1, Math.log(high) + 0.1];
    const px = (/** @type {number} */ t) => left + (w * t) / game.updates;
    const py = (/** @type {number} */ v) => top + (h * (b - Math.log(Math.max(v, FLOOR / 10)))) / (b - a);
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = 1;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const decades = Math.log10(high / low);
    const marks = decades > 1.7 ? logTicks(Math.exp(a), Math.exp(b), 4) : ticks(Math.exp(a), Math.exp(b), 4).filter((t) => t > 0);
    ctx.beginPath();
    for (const t of marks) {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(left, y);
      ctx.lineTo(left + w, y);
      ctx.fillText(decades > 1.7 ? power(Math.round(Math.log10(t))) : short(t), left - 5 * u, y);
    }
    ctx.stroke();
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of named(ticks(0, game.updates, Math.max(2, w / (70 * u))))) {
      if (px(t) < left + w - 40 * u) ctx.fillText(text, px(t), top + h + 5 * u);
    }
    ctx.textAlign = "right";
    ctx.fillText("update", left + w, top + h + 5 * u);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, w, h);
    ctx.clip();
    for (const { run, i } of shown) {
      const d = curve(i);
      ctx.strokeStyle = ctx.fillStyle = theme.role(run.role);
      ctx.lineWidth = 1.75 * u;
      ctx.setLineDash(dashesOf(run.dash).map((v) => v * u));
      ctx.beginPath();
      trace(ctx, d.length, px, (k) => py(d[k]));
      ctx.stroke();
      ctx.setLineDash([]);
      if (typeof run.predicted === "number") {
        ctx.lineWidth = u;
        ctx.globalAlpha = 0.75;
        ctx.beginPath();
        ctx.moveTo(px(0), py(d[0]));
        // In the logarithm, which no large number of updates overflows.
        ctx.lineTo(px(game.updates), py(d[0]) - (h * run.predicted * game.updates) / (b - a));
        ctx.stroke();
        ctx.globalAlpha = 1;
      }
      const k = Math.min(d.length - 1, Math.floor(now));
      if (!(d[k] > 0)) continue;
      ctx.beginPath();
      ctx.arc(px(k), py(d[k]), 3.5 * u, 0, 2 * Math.PI);
      ctx.fill();
    }
    const first = shown.length ? curve(shown[0].i)[0] : 1;
    drawKey(ctx, theme, shown.map(({ run }) => run), left, py(first) < top + h / 2 ? top + h - 15 * u * shown.length - 4 * u : top + 2 * u);
    ctx.restore();
  });
}

/**
 * The names of rules in their colours, so that an exported picture tells them apart.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {import("./types.js").GameRun[]} runs
 * @param {number} left
 * @param {number} top
 */
function drawKey(ctx, theme, runs, left, top) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  runs.forEach((run, i) => {
    const y = top + (15 * i + 8) * u;
    ctx.globalAlpha = 0.75;
    ctx.fillStyle = theme.back;
    ctx.fillRect(left + 3 * u, y - 7 * u, ctx.measureText(run.title).width + 36 * u, 14 * u);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.role(run.role);
    ctx.lineWidth = 2 * u;
    ctx.setLineDash(dashesOf(run.dash).map((v) => v * u));
    ctx.beginPath();
    ctx.moveTo(left + 7 * u, y);
    ctx.lineTo(left + 29 * u, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = theme.ink(run.role);
    ctx.fillText(run.title, left + 34 * u, y);
  });
}

/**
 * The title and the box of a panel, and its plot rectangle.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {number} width
 * @param {number} height
 * @param {string} title
 * @param {string} about
 */
export function frame(ctx, theme, width, height, title, about) {
  const u = theme.u;
  const [left, top, below, right] = [42 * u, 22 * u, 22 * u, 10 * u];
  ctx.textBaseline = "alphabetic";
  ctx.textAlign = "left";
  ctx.font = font(theme, SIZES.title, 600);
  ctx.fillStyle = theme.text;
  ctx.fillText(title, left, 14 * u);
  const wide = ctx.measureText(title).width;
  ctx.font = font(theme, SIZES.unit);
  ctx.fillStyle = theme.muted;
  if (left + wide + ctx.measureText(about).width + 12 * u < width) ctx.fillText(about, left + wide + 10 * u, 14 * u);
  const g = { left, top, w: Math.max(1, width - left - right), h: Math.max(1, height - top - below) };
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
  return g;
}
