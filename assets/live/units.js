// Axes in the units of the user's own data: see `Units` in ganlab/targets/base.py.

import { words } from "./notices.js";
import { named, ticks } from "./plot.js";

/** @typedef {import("./types.js").Unit} Unit */

/**
 * About `count` ticks of an axis, as places and labels.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @param {Unit | undefined} unit
 * @returns {[place: number, text: string][]}
 */
export function marks(low, high, count, unit) {
  if (!unit) return named(ticks(low, high, count));
  const own = (/** @type {number} */ v) => v * unit.spread + unit.centre;
  return named(ticks(own(low), own(high), count)).map(([t, text]) => [(t - unit.centre) / unit.spread, text]);
}

/**
 * The names of the axes, within the picture: that of x at its right end, that of y at its top.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} ctx
 * @param {import("./types.js").Theme} theme
 * @param {Unit[]} units
 * @param {{x: number, y: number, w: number, h: number}} place
 */
export function axisNames(ctx, theme, units, { x, y, w, h }) {
  const edge = 8 * theme.u;
  if (units[0]) words(ctx, theme, units[0].axis, x + w - edge, y + h - 12 * theme.u, "right", theme.text);
  if (units[1]) words(ctx, theme, units[1].axis, x + edge, y + 12 * theme.u, "left", theme.text);
}
