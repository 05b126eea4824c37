// The numbers of the labels, each at the middle of its part of p_data.

import { font } from "./plot.js";
import { alpha } from "./theme.js";
import { SIZES } from "./tokens.js";

/**
 * Draw the numbers 0, 1, ... at their places, each in the colour of its label.
 *
 * @param {import("./types.js").Context} ctx
 * @param {import("./types.js").Theme} theme
 * @param {number} count
 * @param {(label: number) => [x: number, y: number]} place
 */
export function labelMarks(ctx, theme, count, place) {
  ctx.font = font(theme, SIZES.label, 700);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = SIZES.label_halo * theme.u;
  ctx.strokeStyle = theme.back;
  for (let k = 0; k < count; k++) {
    const [x, y] = place(k);
    ctx.strokeText(String(k), x, y);
    ctx.fillStyle = alpha(theme.labels[k % theme.labels.length], 1);
    ctx.fillText(String(k), x, y);
  }
}
