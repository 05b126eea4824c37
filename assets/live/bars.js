// Shares of generated samples as bars, each with a line at its share of p_data: of modes, or a histogram.

import { font } from "./plot.js";
import { COLUMN, SIZES } from "./tokens.js";
import { _ } from "./words.js";

const UNITS = 13; // px of height of the numbers below a histogram, at text scale 1

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {{left: number, top: number, w: number, h: number}} Place */

/**
 * The value of a bar that is higher than the panel: on the bar, or beside it if the bar is too narrow.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {string} text
 * @param {number} x
 * @param {number} wide
 * @param {Place} place
 */
function over(ctx, theme, text, x, wide, { left, top, w }) {
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.textBaseline = "top";
  const room = ctx.measureText(text).width + 4 * theme.u;
  const beside = room > wide;
  ctx.textAlign = !beside ? "center" : x + wide + room < left + w ? "left" : "right";
  const shift = !beside ? 0 : ((wide / 2 + 3 * theme.u) * (ctx.textAlign === "left" ? 1 : -1));
  if (!beside) ctx.fillStyle = theme.back;
  ctx.fillText(text, x + shift, top + 2 * theme.u);
}

/**
 * Whole numbers below a histogram.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {[number, number]} ends
 * @param {Place} box
 */
function units(ctx, theme, [low, high], { left, top, w, h }) {
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillStyle = theme.muted;
  for (let t = Math.ceil(low); t <= high; t++) {
    ctx.fillText(`${t}`, left + ((t - low) / (high - low)) * w, top + h + 3 * theme.u);
  }
}

/**
 * Draw into a box. axes(full, py) is called first, with the scale. ends: of the axis below, if it has numbers.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {{shares?: import("./types.js").NumberArray | null, weights?: import("./types.js").NumberArray, count?: number, ends?: [number, number] | null}} what
 * @param {Place} place
 * @param {(full: number, py: (share: number) => number, h: number) => void} axes
 */
export function bars(ctx, theme, { shares, weights, count = shares?.length ?? weights?.length ?? 0, ends }, place, axes) {
  if (!count) return;
  const u = theme.u;
  const box = ends ? { ...place, h: place.h - UNITS * u } : place;
  const { left, top, w, h } = box;
  const fair = (/** @type {number} */ i) => (weights ? weights[i] : 1 / count);
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, fair(i));
  const full = Math.min(1, COLUMN.bars_top * largest);
  const py = (/** @type {number} */ v) => top + h - (Math.min(v, full * 1.04) / full) * h;
  axes(full, py, h);
  const step = w / count;
  const wide = Math.max(2, ends ? step - 1 : Math.min(step * COLUMN.bar, 64 * u));
  for (let i = 0; i < count; i++) {
    if (shares) {
      const y = Math.min(py(shares[i] || 0), top + h - 2);
      ctx.fillStyle = theme.role(ends || shares[i] > COLUMN.missed * fair(i) ? "G" : "accent");
      const x = left + step * (i + 0.5);
      ctx.fillRect(x - wide / 2, y, wide, top + h - y);
      if (shares[i] > full) over(ctx, theme, `${Math.round(100 * shares[i])} %`, x, wide, box);
    }
    ctx.fillStyle = theme.role("data");
    ctx.fillRect(left + step * i + 1, Math.round(py(fair(i))), step - 2, 1);
  }
  if (ends) {
    units(ctx, theme, ends, box);
    return;
  }
  if (weights && largest * count > 1.01) return;
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.muted;
  ctx.fillText(_("fair"), left + w + 6 * u, py(1 / count));
}
