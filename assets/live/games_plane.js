// The phase portrait of a game: gradients as arrows, nullclines, rest points, trajectories.

import { contour } from "./contour.js";
import { placePlane } from "./draw2d.js";
import { arrow, cross, dashesOf, flood, font, named, ticks, trace } from "./plot.js";
import { SIZES } from "./tokens.js";

const EVERY = 5; // cells between two arrows
const APART = 7; // px between the points of updates above which each is drawn

/** @typedef {import("./types.js").Game} Game */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {ReturnType<typeof places>} Places */

/**
 * The plane's places in pixels, for a size of the canvas.
 *
 * @param {Game} game
 * @param {number} width
 * @param {number} height
 * @param {number} u
 */
export function places(game, width, height, u) {
  const g = placePlane(game.box, width, height, u);
  const [[xLow], [yLow]] = game.box;
  return {
    g,
    px: (/** @type {number} */ v) => g.left + (v - xLow) * g.scale,
    py: (/** @type {number} */ v) => g.bottom - (v - yLow) * g.scale,
    x: (/** @type {number} */ p) => xLow + (p - g.left) / g.scale,
    y: (/** @type {number} */ p) => yLow + (g.bottom - p) / g.scale,
  };
}

/**
 * Draw everything at time `now`, in updates; hidden: the layers that are not drawn.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Game} game
 * @param {Places} at
 * @param {number} now
 * @param {Set<string>} hidden
 */
export function drawPlane(ctx, theme, game, at, now, hidden) {
  const { g } = at;
  flood(ctx, theme.back);
  drawAxes(ctx, theme, game, at);
  ctx.save();
  ctx.beginPath();
  ctx.rect(g.left, g.top, g.w, g.h);
  ctx.clip();
  if (!hidden.has("arrows")) drawArrows(ctx, theme, game, at);
  if (!hidden.has("nullclines")) drawNullclines(ctx, theme, game, at);
  game.runs.forEach((run, i) => {
    if (!run.refused && !hidden.has(run.rule)) drawRun(ctx, theme, game, at, now, i);
  });
  for (const [x, y] of game.rest) cross(ctx, theme, at.px(x), at.py(y));
  ctx.restore();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Game} game
 * @param {Places} at
 */
function drawAxes(ctx, theme, game, { g, px, py }) {
  const u = theme.u;
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
  ctx.font = font(theme, SIZES.axis);
  ctx.fillStyle = theme.muted;
  ctx.beginPath();
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  const [[xLow, xHigh], [yLow, yHigh]] = game.box;
  for (const [t, text] of named(ticks(xLow, xHigh, 6))) {
    const x = Math.round(px(t)) + 0.5;
    ctx.moveTo(x, g.bottom);
    ctx.lineTo(x, g.bottom + 4);
    if (x < g.left + g.w - 14 * u) ctx.fillText(text, x, g.bottom + 7 * u);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const [t, text] of named(ticks(yLow, yHigh, 6))) {
    const y = Math.round(py(t)) + 0.5;
    ctx.moveTo(g.left, y);
    ctx.lineTo(g.left - 4, y);
    if (y > g.top + 14 * u) ctx.fillText(text, g.left - 7 * u, y);
  }
  ctx.stroke();
  ctx.fillStyle = theme.text;
  ctx.font = font(theme, SIZES.letter, 600);
  ctx.textBaseline = "top";
  ctx.fillText(game.variables[0], g.left + g.w, g.bottom + 5 * u);
  ctx.fillText(game.variables[1], g.left - 7 * u, g.top);
}

/**
 * Arrows along which both players' numbers move downhill; their lengths are compressed.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Game} game
 * @param {Places} at
 */
function drawArrows(ctx, theme, game, { g, px, py }) {
  const field = game.a.field;
  const cells = game.shape.field[0];
  const [[xLow, xHigh], [yLow, yHigh]] = game.box;
  const cell = (g.w / (cells - 1)) * EVERY;
  let largest = 0;
  for (let i = 0; i < field.length; i += 2) {
    const size = Math.hypot(field[i], field[i + 1]);
    if (Number.isFinite(size)) largest = Math.max(largest, size);
  }
  ctx.beginPath();
  for (let r = 0; r < cells; r += EVERY) {
    for (let c = 0; c < cells; c += EVERY) {
      const i = 2 * (r * cells + c);
      const size = Math.hypot(field[i], field[i + 1]);
      if (!(size > 1e-9 * largest)) continue;
      const long = 0.44 * cell * Math.sqrt(Math.min(1, size / largest)) + 0.12 * cell;
      const x = px(xLow + ((xHigh - xLow) * c) / (cells - 1));
      const y = py(yLow + ((yHigh - yLow) * r) / (cells - 1));
      const [dx, dy] = [(field[i] / size) * long, (-field[i + 1] / size) * long];
      arrow(ctx, x - dx / 2, y - dy / 2, x + dx / 2, y + dy / 2, 4 * theme.u);
    }
  }
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = theme.u;
  ctx.stroke();
}

/**
 * Where one player's gradient is 0: the first player's solid, the second one's dotted.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Game} game
 * @param {Places} at
 */
function drawNullclines(ctx, theme, game, { px, py }) {
  const field = game.a.field;
  const cells = game.shape.field[0];
  const [[xLow, xHigh], [yLow, yHigh]] = game.box;
  const x = (/** @type {number} */ c) => px(xLow + ((xHigh - xLow) * (c - 0.5)) / (cells - 1));
  const y = (/** @type {number} */ r) => py(yLow + ((yHigh - yLow) * (r - 0.5)) / (cells - 1));
  ["dash", "dot"].forEach((dash, player) => {
    // A tiny offset: the line may pass exactly through the cells' centres.
    const lines = contour((i) => field[2 * i + player] + 1e-9, cells, cells, 0);
    ctx.beginPath();
    for (let i = 0; i + 3 < lines.length; i += 4) {
      ctx.moveTo(x(lines[i]), y(lines[i + 1]));
      ctx.lineTo(x(lines[i + 2]), y(lines[i + 3]));
    }
    ctx.setLineDash(player ? [1.5 * theme.u, 4 * theme.u] : []);
    ctx.globalAlpha = dash === "dash" ? 0.55 : 0.9;
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = 1.4 * theme.u;
    ctx.stroke();
  });
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
}

/**
 * The trajectories of rule number `i`, up to time `now`.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Game} game
 * @param {Places} at
 * @param {number} now
 * @param {number} i
 */
function drawRun(ctx, theme, game, { px, py }, now, i) {
  const run = game.runs[i];
  const all = game.a[`path.${i}`];
  const [count, points] = game.shape[`path.${i}`];
  const last = Math.min(points - 1, Math.floor(now));
  const share = now - last;
  ctx.strokeStyle = ctx.fillStyle = theme.role(run.role);
  ctx.lineJoin = "round";
  for (let k = 0; k < count; k++) {
    const from = 2 * k * points;
    const x = (/** @type {number} */ j) => px(all[from + 2 * j]);
    const y = (/** @type {number} */ j) => py(all[from + 2 * j + 1]);
    ctx.lineWidth = 1.8 * theme.u;
    ctx.setLineDash(dashesOf(run.dash).map((v) => v * theme.u));
    ctx.beginPath();
    trace(ctx, last + 1, x, y);
    ctx.stroke();
    ctx.setLineDash([]);
    if (last > 0 && Math.hypot(x(1) - x(0), y(1) - y(0)) > APART * theme.u && points < 500) {
      ctx.beginPath();
      for (let j = 0; j <= last; j++) {
        ctx.moveTo(x(j) + 2 * theme.u, y(j));
        ctx.arc(x(j), y(j), 2 * theme.u, 0, 2 * Math.PI);
      }
      ctx.fill();
    }
    // Where it is now; between two updates on the straight line.
    let [hx, hy] = [x(last), y(last)];
    if (share > 0 && last + 1 < points) [hx, hy] = [hx + share * (x(last + 1) - hx), hy + share * (y(last + 1) - hy)];
    if (!(hx === hx && hy === hy)) continue;
    ctx.beginPath();
    ctx.arc(hx, hy, 5 * theme.u, 0, 2 * Math.PI);
    ctx.fill();
    ctx.lineWidth = 1.5 * theme.u;
    ctx.save();
    ctx.strokeStyle = theme.back;
    ctx.stroke();
    ctx.restore();
  }
}
