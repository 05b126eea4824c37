// Helpers for canvas plots: sizes, ticks, numbers, arrows.

import { DASHES } from "./tokens.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Theme} Theme */

/**
 * @template {Context} C
 * @param {C | null} ctx
 */
function there(ctx) {
  if (!ctx) throw new Error("this browser has no canvas");
  return ctx;
}

/**
 * The context of a canvas that is always drawn completely, so that the page need not blend it.
 *
 * @param {HTMLCanvasElement} canvas
 */
export const opaque = (canvas) => there(canvas.getContext("2d", { alpha: false }));

/**
 * An offscreen canvas, and its context.
 *
 * @param {number} width
 * @param {number} height
 * @param {CanvasRenderingContext2DSettings} [options]
 */
export function offscreen(width, height, options) {
  const canvas = new OffscreenCanvas(Math.max(1, width), Math.max(1, height)); // its size may still be 0
  return { canvas, ctx: there(canvas.getContext("2d", options)) };
}

/**
 * The context of a canvas over another one.
 *
 * @param {HTMLCanvasElement} canvas
 */
export const over = (canvas) => there(canvas.getContext("2d"));

/** Pixels of a canvas per CSS pixel. */
let chosen = 0;
let shapes = false;
export const density = () => chosen || Math.min(window.devicePixelRatio || 1, 2);

/** Whether what is drawn is recorded as shapes, so that no pixels are to be written. */
export const asShapes = () => shapes;

/**
 * Execute a function while canvases have this many pixels per CSS pixel.
 *
 * @param {number} pixels
 * @param {() => void} act
 * @param {boolean} [recorded] whether it is recorded as shapes
 */
export function atDensity(pixels, act, recorded = false) {
  [chosen, shapes] = [pixels, recorded];
  try {
    act();
  } finally {
    [chosen, shapes] = [0, false];
  }
}

/**
 * Set the size of a context's canvas in CSS pixels, sharp on any screen; the context uses CSS pixels as well.
 *
 * @template {Context} C
 * @param {C} ctx
 * @param {number} width
 * @param {number} height
 */
export function resize(ctx, width, height) {
  const { canvas } = ctx;
  const ratio = density();
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  if ("style" in canvas) {
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ctx;
}

/**
 * Set the size of a canvas of the page in CSS pixels. Returns its context.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export const fit = (canvas, width, height) => resize(opaque(canvas), width, height);

/**
 * The lengths of a curve's dashes and gaps, at text scale 1.
 *
 * @param {string} [name]
 */
export const dashesOf = (name = "solid") => /** @type {Record<string, number[]>} */ (DASHES)[name] ?? [];

/**
 * Fill the whole canvas; at a fractional ratio its last pixels are partly outside its size in CSS pixels.
 *
 * @param {Context} ctx
 * @param {string} colour
 */
export function flood(ctx, colour) {
  ctx.save();
  ctx.resetTransform();
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
  ctx.restore();
}

/**
 * Round ticks inside [low, high], about `count` of them.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((m) => m * power >= rough * 0.999) ?? 10) * power;
  /** @type {number[]} */
  const out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) out.push(i * step);
  return out;
}

/**
 * Powers of ten inside [low, high], thinned to about `count`.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
export function logTicks(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / Math.max(1, count - 1)));
  const out = [];
  for (let e = last; e >= first; e -= step) out.push(10 ** e);
  return out;
}

const minus = (/** @type {string} */ s) => s.replaceAll("-", "−");
const SUPER = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} exponent */
export function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((d) => SUPER[Number(d)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

const exponent = (/** @type {string} */ s) => minus(s.replace("e+", "e"));

/** Set rounding errors about 0 to 0. */
export const noNoise = (/** @type {number} */ value) => (Math.abs(value) < 1e-9 ? 0 : value);

/**
 * A number for a tick or a knob: as short as possible, with a limited number of digits.
 *
 * @param {number} value
 */
export function short(value, digits = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-5) return exponent((+value.toPrecision(digits)).toExponential());
  if (size >= 1e6) return minus(`${+(value / 1e6).toPrecision(digits)}M`);
  if (size >= 1e4) return minus(`${+(value / 1e3).toPrecision(digits)}k`);
  return minus(String(+value.toPrecision(digits)));
}

/**
 * Ticks with their labels.
 *
 * @param {number[]} list
 * @returns {[tick: number, text: string][]}
 */
export const named = (list) => names(list).map((text, i) => [list[i], text]);

/**
 * The labels of ticks: as short as possible, and all different.
 *
 * @param {number[]} list
 */
export function names(list) {
  const step = list.length > 1 ? Math.abs(list[1] - list[0]) : 0;
  const clean = list.map((t) => (Math.abs(t) < 1e-6 * step ? 0 : t)); // rounding errors about 0
  for (let digits = 3; ; digits++) {
    const texts = clean.map((t) => short(t, digits));
    if (digits === 15 || new Set(texts).size === texts.length) return texts;
  }
}

/**
 * A value that changes during training, with a constant number of digits.
 *
 * @param {number} value
 */
export function steady(value) {
  if (!Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e4) return minus(String(value));
  const size = Math.abs(value);
  if (size >= 1e4 || (size > 0 && size < 5e-4)) return exponent(value.toExponential(1));
  return minus(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3));
}

/**
 * Add an arrow to the current path.
 *
 * @param {Context} ctx
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {number} head
 */
export function arrow(ctx, x0, y0, x1, y1, head) {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length = Math.hypot(dx, dy);
  if (!(length > 0.5)) return;
  const h = Math.min(head, length * 0.6) / length;
  const ax = dx * h;
  const ay = dy * h;
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.moveTo(x1 - ax - ay * 0.55, y1 - ay + ax * 0.55);
  ctx.lineTo(x1, y1);
  ctx.lineTo(x1 - ax + ay * 0.55, y1 - ay - ax * 0.55);
}

/**
 * A polyline with gaps at NaN; px and py give pixels of index i.
 *
 * @param {Context} ctx
 * @param {number} n
 * @param {(i: number) => number} px
 * @param {(i: number) => number} py
 */
export function trace(ctx, n, px, py) {
  let pen = false;
  for (let i = 0; i < n; i++) {
    const y = py(i);
    if (y !== y) {
      pen = false;
    } else if (pen) {
      ctx.lineTo(px(i), y);
    } else {
      ctx.moveTo(px(i), y);
      pen = true;
    }
  }
}

/**
 * Add the area between two curves to the current path, with gaps at NaN.
 *
 * @param {Context} ctx
 * @param {number} n
 * @param {(i: number) => number} px
 * @param {(i: number) => number} low
 * @param {(i: number) => number} high
 */
export function area(ctx, n, px, low, high) {
  for (let i = 0; i < n; i++) if (low(i) === low(i)) ctx.lineTo(px(i), low(i));
  for (let i = n - 1; i >= 0; i--) if (high(i) === high(i)) ctx.lineTo(px(i), high(i));
}

/**
 * @param {Theme} theme
 * @param {number} size
 */
export const font = (theme, size, weight = 400) => `${weight} ${size * theme.u}px ${theme.font}`;

/**
 * A cross with an outline, which marks where a game is at rest.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("./types.js").Theme} theme
 * @param {number} x
 * @param {number} y
 */
export function cross(ctx, theme, x, y) {
  const r = 5 * theme.u;
  for (const [colour, wide] of /** @type {[string, number][]} */ ([[theme.back, 4.5], [theme.text, 2]])) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = wide * theme.u;
    ctx.beginPath();
    ctx.moveTo(x - r, y);
    ctx.lineTo(x + r, y);
    ctx.moveTo(x, y - r);
    ctx.lineTo(x, y + r);
    ctx.stroke();
  }
}
