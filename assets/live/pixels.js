// Pixels written directly where canvas operations would be slow: an enlarged field of few cells, and many dots.
//
// Without a graphics card, canvases are drawn by the processor that also trains: a smooth enlargement takes 2 ms per
// frame, and 1500 small squares as much.

import { asShapes, offscreen } from "./plot.js";
import { alpha, pixelOf } from "./theme.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").NumberArray} NumberArray */
/** @typedef {{colours: import("./types.js").Rgb[], which?: NumberArray | null}} Tints of dots: `which` of the colours each has */

const FINEST = 320; // the longer side of an enlarged field
const NONE = new Float32Array(0);
const CUT = 0.22; // the share of a dot's side that is cut from each corner

/**
 * @param {number} width
 * @param {number} height
 * @param {CanvasRenderingContext2DSettings} [options]
 */
const sheet = (width, height, options) => {
  const { canvas, ctx } = offscreen(width, height, { willReadFrequently: true, ...options });
  const image = ctx.createImageData(canvas.width, canvas.height);
  return { canvas, ctx, image, pixels: new Uint32Array(image.data.buffer) };
};

/**
 * The positions of `many` pixels between the centres of `few` cells: the cell, and 0..256 towards the next cell.
 *
 * @param {number} few
 * @param {number} many
 */
function between(few, many) {
  const at = new Int32Array(many);
  const part = new Int32Array(many);
  const most = Math.max(0, few - 1);
  for (let i = 0; i < many; i++) {
    const where = Math.min(most, Math.max(0, ((i + 0.5) * few) / many - 0.5));
    at[i] = Math.min(Math.max(0, few - 2), Math.floor(where));
    part[i] = Math.round((where - at[i]) * 256);
  }
  return { at, part };
}

/**
 * Fill pixels with table[values] by bilinear interpolation; the first row of values is at the bottom.
 *
 * @param {NumberArray} values
 * @param {number} columns
 * @param {Uint32Array} pixels
 * @param {ReturnType<typeof between>} across
 * @param {ReturnType<typeof between>} down
 * @param {Uint32Array} table
 */
function enlarge(values, columns, pixels, across, down, table) {
  const row = new Int32Array(columns + 1); // fixed point, 8 bits
  const rows = down.at.length;
  const [at, part] = [across.at, across.part];
  const width = at.length;
  let q = 0;
  for (let y = rows - 1; y >= 0; y--) {
    const from = down.at[y] * columns;
    const f = down.part[y];
    const step = f ? columns : 0;
    for (let c = 0; c < columns; c++) {
      const a = values[from + c];
      row[c] = (a << 8) + (values[from + step + c] - a) * f;
    }
    for (let x = 0; x < width; x++) {
      const a = row[at[x]];
      pixels[q++] = table[((a << 8) + (row[at[x] + 1] - a) * part[x]) >> 16];
    }
  }
}

/**
 * A field of bytes, enlarged: draw(ctx, values, shape, table of colours, box in pixels).
 *
 * @returns {(ctx: Context, values: NumberArray, shape: number[], table: Uint32Array, box: Box) => void}
 */
export function enlarger() {
  /** @type {({key: string} & Record<"across" | "down", ReturnType<typeof between>> & ReturnType<typeof sheet>) | null} */
  let made = null;
  return (ctx, values, [rows, columns], table, { x, y, w, h }) => {
    const key = `${[rows, columns, w, h]}`;
    if (made?.key !== key) {
      // Squares of 3 x 3 pixels look smooth enough.
      const shrink = Math.min(1 / 3, FINEST / Math.max(w, h));
      const [width, height] = [Math.max(1, Math.round(w * shrink)), Math.max(1, Math.round(h * shrink))];
      made = {
        key,
        across: between(columns, width),
        down: between(rows, height),
        ...sheet(width, height, { alpha: false }),
      };
    }
    enlarge(values, columns, made.pixels, made.across, made.down, table);
    made.ctx.putImageData(made.image, 0, 0);
    ctx.drawImage(made.canvas, x, y, w, h);
  };
}

/**
 * Draw dots as shapes.
 *
 * @param {Context} ctx
 * @param {NumberArray} points
 * @param {Tints} tints
 * @param {number} radius
 * @param {(v: number) => number} across
 * @param {(v: number) => number} down
 */
function discs(ctx, points, { colours, which }, radius, across, down) {
  colours.forEach((colour, tint) => {
    ctx.fillStyle = alpha(colour, 1);
    ctx.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      if (which && which[i / 2] % colours.length !== tint) continue;
      const [x, y] = [across(points[i]), down(points[i + 1])];
      ctx.moveTo(x + radius, y);
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
  });
}

/**
 * A transparent layer of w x h pixels with a constant part, and dots over it that change with each frame.
 * still(ctx) draws the constant part; draw(ctx, x, y, points, tints, side, across, down) the layer at (x, y), with a
 * dot of `side` pixels at (across(points[2 i]), down(points[2 i + 1])), in pixels of the layer.
 *
 * @param {number} w
 * @param {number} h
 * @param {(ctx: OffscreenCanvasRenderingContext2D) => void} still
 * @returns {(ctx: Context, x: number, y: number, points: NumberArray | null, tints: Tints, side: number,
 *   across: (v: number) => number, down: (v: number) => number) => void}
 */
export function dotLayer(w, h, still) {
  const { canvas, ctx: own, image, pixels } = sheet(w, h);
  still(own);
  const ground = new Uint32Array(own.getImageData(0, 0, w, h).data.buffer);
  pixels.set(ground);
  return (ctx, x, y, points, tints, side, across, down) => {
    if (asShapes()) {
      ctx.drawImage(canvas, x, y);
      discs(ctx, points ?? NONE, tints, side / Math.sqrt(Math.PI), (v) => x + across(v), (v) => y + down(v));
      return;
    }
    const { which } = tints;
    const colours = tints.colours.map(pixelOf);
    const cut = side < 4 ? 0 : Math.round(side * CUT);
    pixels.set(ground);
    if (!points) points = NONE;
    for (let i = 0; i < points.length; i += 2) {
      const left = Math.round(across(points[i]) - side / 2);
      const top = Math.round(down(points[i + 1]) - side / 2);
      if (!(left > -side && left < w && top > -side && top < h)) continue;
      const colour = colours[which ? which[i / 2] % colours.length : 0];
      for (let j = Math.max(0, -top); j < side && top + j < h; j++) {
        const corner = Math.max(0, cut - j, cut - (side - 1 - j));
        const from = (top + j) * w;
        const end = from + Math.min(w, left + side - corner);
        for (let k = from + Math.max(0, left + corner); k < end; k++) pixels[k] = colour;
      }
    }
    own.putImageData(image, 0, 0);
    ctx.drawImage(canvas, x, y);
  };
}
