// Texts within a picture: p_g beyond the axes, its tails, and where D has no value.

import { font } from "./plot.js";
import { SIZES } from "./tokens.js";

const EDGE = 6; // px between a text and its edge
const HATCH = 7; // px between two lines where D has no value

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Theme} Theme */

/**
 * A text within a picture, on a veil.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {"left" | "right" | "center"} align
 * @param {string} colour
 */
export function words(ctx, theme, text, x, y, align, colour) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.note, 600);
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  const wide = ctx.measureText(text).width;
  const left = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
  ctx.globalAlpha = 0.82;
  ctx.fillStyle = theme.back;
  ctx.fillRect(left - 4 * u, y - 9 * u, wide + 8 * u, 18 * u);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

/**
 * Write the texts of `frame` into the plot rectangle; g, d: whether p_g and D are shown.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {import("./types.js").Said} frame
 * @param {Box} box
 * @param {boolean} g
 * @param {boolean} d
 */
export function drawNotices(ctx, theme, frame, { x, y, w, h }, g, d) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.note, 600);
  const fits = (/** @type {string} */ text) => ctx.measureText(text).width < w - 2 * EDGE * u;
  /** @type {Record<string, [x: number, y: number, align: "left" | "right" | "center"]>} */
  const places = {
    left: [x + EDGE * u, y + 0.34 * h, "left"],
    right: [x + w - EDGE * u, y + 0.26 * h, "right"],
    bottom: [x + w / 2, y + h - 14 * u, "center"],
    top: [x + w / 2, y + 14 * u, "center"],
  };
  for (const one of (g && frame.beyond) || []) {
    const text = fits(one.text) ? one.text : one.brief;
    words(ctx, theme, text, ...places[one.side], theme.ink("G"));
  }
  const said = d && frame.missing ? [frame.missing] : [];
  if (g && frame.tails) said.push(fits(frame.tails.text) ? frame.tails.text : frame.tails.brief);
  said.forEach((text, i) => words(ctx, theme, text, x + w / 2, y + 0.1 * h + 20 * u * i, "center", theme.ink("accent")));
}

/**
 * Hatch the cells of a field (rows of constant y, the lowest first) that have no value, in a box.
 *
 * @param {Context} ctx
 * @param {Theme} theme
 * @param {import("./types.js").NumberArray} none
 * @param {number[]} shape
 * @param {Box} box
 * @param {number} ratio
 */
export function hatch(ctx, theme, none, [rows, columns], { x, y, w, h }, ratio) {
  ctx.save();
  ctx.beginPath();
  for (let r = 0; r < rows; r++) {
    const [top, bottom] = [Math.round(y + h - ((r + 1) * h) / rows), Math.round(y + h - (r * h) / rows)];
    for (let c = 0; c < columns; c++) {
      if (!none[r * columns + c]) continue;
      const left = Math.round(x + (c * w) / columns);
      ctx.rect(left, top, Math.round(x + ((c + 1) * w) / columns) - left, bottom - top);
    }
  }
  ctx.clip();
  ctx.fillStyle = theme.back;
  ctx.fillRect(x, y, w, h);
  ctx.strokeStyle = theme.faint;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let from = -h; from < w; from += HATCH * ratio) {
    ctx.moveTo(x + from, y + h);
    ctx.lineTo(x + from + h, y);
  }
  ctx.stroke();
  ctx.restore();
}
