// The numbers of the labels, each at the middle of its part of p_data.

import { font } from "./plot.js";
import { alpha } from "./theme.js";
import { SIZES } from "./tokens.js";

/**
 * Draw the numbers 0, 1, ... at their positions, each in the colour of its label.
 *
 * @param {import("./types.js").Context} ctx
 * @param {import("./types.js").Theme} theme
 * @param {number} count
 * @param {(i: number) => [x: number, y: number]} place
 * @param {import("./types.js").NumberArray} [which] the labels at the places, if they are not 0, 1, ...
 */
export function labelMarks(ctx, theme, count, place, which) {
  ctx.font = font(theme, SIZES.label, 700);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = SIZES.label_halo * theme.u;
  ctx.strokeStyle = theme.back;
  for (let i = 0; i < count; i++) {
    const [x, y] = place(i);
    const k = which ? which[i] : i;
    ctx.strokeText(String(k), x, y);
    ctx.fillStyle = alpha(theme.labels[k % theme.labels.length], 1);
    ctx.fillText(String(k), x, y);
  }
}
