// Images of digits on canvases: every pixel is a sharp square in the theme's ink and paper colours.

import { offscreen } from "./plot.js";
import { mix, pixelOf } from "./theme.js";

export const SIDE = 28;
const PIXELS = SIDE * SIDE;

/**
 * @param {string} colour as rgb()
 * @returns {import("./types.js").Rgb}
 */
function parts(colour) {
  const [red, green, blue] = (colour.match(/\d+/g) ?? []).map(Number);
  return [red, green, blue];
}

/**
 * Colours of a sheet: paper as CSS, table of 256 pixels from paper to ink.
 *
 * @param {import("./types.js").Theme} theme
 */
export function inkOf(theme) {
  const paper = theme.dark ? mix(parts(theme.back), [0, 0, 0], 0.6) : parts(theme.back);
  const ink = theme.rgb.data;
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    table[i] = pixelOf(mix(paper, ink, i / 255));
  }
  return { paper: `rgb(${paper.join(",")})`, table };
}

/**
 * The side of an image in a space of `most` canvas pixels: a multiple of 28 if that loses little.
 *
 * @param {number} most
 */
export function sideFor(most) {
  const whole = Math.floor(most / SIDE) * SIDE;
  return whole >= 0.87 * most ? whole : Math.max(1, Math.floor(most));
}

/**
 * A function that draws image `index` of `bytes` with its corner at x, y and sides of `side` canvas pixels.
 *
 * @returns {(ctx: CanvasRenderingContext2D, table: Uint32Array, bytes: import("./types.js").NumberArray, index: number,
 *   x: number, y: number, side: number) => void}
 */
export function stamper() {
  const { canvas: small, ctx: to } = offscreen(SIDE, SIDE);
  const { canvas: large, ctx: up } = offscreen(SIDE, SIDE);
  const image = to.createImageData(SIDE, SIDE);
  const pixels = new Uint32Array(image.data.buffer);
  return (ctx, table, bytes, index, x, y, side) => {
    const from = index * PIXELS;
    for (let i = 0; i < PIXELS; i++) pixels[i] = table[bytes[from + i]];
    to.putImageData(image, 0, 0);
    if (side % SIDE === 0) {
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(small, x, y, side, side);
      return;
    }
    // Squares of unequal size look ragged: draw the image larger, then scale it down smoothly.
    const fine = SIDE * (Math.ceil(side / SIDE) + 1);
    if (large.width !== fine) large.width = large.height = fine;
    up.clearRect(0, 0, fine, fine);
    up.imageSmoothingEnabled = false;
    up.drawImage(small, 0, 0, fine, fine);
    ctx.imageSmoothingEnabled = true;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(large, x, y, side, side);
  };
}
