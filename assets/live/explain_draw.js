// What the pictures of an explained iteration share: dots that are coloured by D, time within a part, enlarged changes.

import { SIZES } from "./tokens.js";
import { arrow, font } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Parts} Parts */
/** @typedef {import("./types.js").Part} Part */
/** @typedef {import("./types.js").NumberArray} NumberArray */
/** @typedef {import("./types.js").Theme} Theme */

export const DIM = 0.72; // opacity of the veil over what is not explained now
const RADIUS = 4; // px of a dot, at text scale 1
const RING = 1.7; // px of its outline
const APART = 0.6; // the share of a part's time over which samples start one after the other
const ENLARGED = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/**
 * How far something that begins at `from` and ends at `to` has come, smoothly, when `t` of the whole has passed.
 *
 * @param {number} t
 * @param {number} from
 * @param {number} to
 */
export function ease(t, from = 0, to = 1) {
  const u = Math.min(1, Math.max(0, (t - from) / (to - from || 1)));
  return u * u * (3 - 2 * u);
}

/**
 * The same for sample i of n: the first ones start first.
 *
 * @param {number} t
 * @param {number} i
 * @param {number} n
 */
export const inTurn = (t, i, n) => ease(t, (APART * i) / Math.max(1, n), (APART * i) / Math.max(1, n) + 1 - APART);

/**
 * The largest round factor by which a change may be enlarged so that it stays below `most`.
 *
 * @param {number} change
 * @param {number} most
 */
export function enlargement(change, most) {
  if (!(change > 0)) return 1;
  return ENLARGED.findLast((factor) => change * factor <= most) ?? 1;
}

/**
 * The arrays of a part, with plain names.
 *
 * @param {Parts} message
 * @param {Part} part
 */
export function own(message, part) {
  const end = `.${part.set}`;
  /** @type {import("./types.js").Arrays} */
  const out = {};
  for (const [name, array] of Object.entries(message.a)) if (name.endsWith(end)) out[name.slice(0, -end.length)] = array;
  return out;
}

/**
 * Field number i of D.
 *
 * @param {Parts} message
 * @param {number | undefined} i
 */
export function fieldOf(message, i) {
  const [, ...shape] = message.shape.d;
  const size = shape.reduce((a, b) => a * b, 1);
  return message.a.d.subarray((i ?? 0) * size, ((i ?? 0) + 1) * size);
}

/**
 * The largest difference of two fields.
 *
 * @param {NumberArray} a
 * @param {NumberArray} b
 */
export function apart(a, b) {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(b[i] - a[i]) || 0);
  return most;
}

/** What a label says about an enlarged change; "" if it is not enlarged. */
export const drawn = (/** @type {string} */ what, /** @type {number} */ factor) => (factor > 1 ? _("{what} drawn ×{factor}", { what, factor }) : "");

/**
 * The colour of a value of D(x).
 *
 * @param {Theme} theme
 * @param {number} value
 */
export function colourOf(theme, value) {
  const pixel = theme.field[Math.round(255 * Math.min(1, Math.max(0, value || 0)))];
  return `rgb(${pixel & 255},${(pixel >> 8) & 255},${(pixel >> 16) & 255})`;
}

/**
 * A dot of `role`, filled with a colour or with its role's.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {string} role
 * @param {number} x
 * @param {number} y
 * @param {{fill?: string, strength?: number, hollow?: boolean}} [how]
 */
export function dot(ctx, theme, role, x, y, { fill, strength = 1, hollow = false } = {}) {
  const r = RADIUS * theme.u;
  ctx.globalAlpha = strength;
  ctx.beginPath();
  if (role === "data") ctx.rect(x - r * 0.85, y - r * 0.85, 1.7 * r, 1.7 * r);
  else ctx.arc(x, y, r, 0, 2 * Math.PI);
  if (!hollow) {
    ctx.fillStyle = fill ?? theme.role(role);
    ctx.fill();
  }
  ctx.strokeStyle = fill || hollow ? theme.role(role) : theme.back;
  ctx.lineWidth = (fill || hollow ? RING : 1) * theme.u;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/**
 * Text on the ground's colour; its parts have lines of their own if they are too wide together.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {string[]} parts
 * @param {number} x
 * @param {number} y
 * @param {string} role
 * @param {number} most px of width
 */
export function label(ctx, theme, parts, x, y, role, most) {
  ctx.font = font(theme, SIZES.note, 600);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const said = parts.filter(Boolean);
  const whole = said.join(" · ");
  const lines = ctx.measureText(whole).width > most ? said : said.length ? [whole] : [];
  lines.forEach((text, i) => {
    const down = y + 18 * i * theme.u;
    ctx.globalAlpha = 0.75;
    ctx.fillStyle = theme.back;
    ctx.fillRect(x - 3, down - 9 * theme.u, ctx.measureText(text).width + 6, 18 * theme.u);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.ink(role);
    ctx.fillText(text, x, down);
  });
}

/**
 * Draw arrows in the accent colour: each(i) gives the ends of one.
 *
 * @param {import("./types.js").Context} ctx
 * @param {Theme} theme
 * @param {number} count
 * @param {(i: number) => [x0: number, y0: number, x1: number, y1: number]} each
 * @param {number} width of the lines, and
 * @param {number} head of the arrows, in px at text scale 1
 */
export function pushes(ctx, theme, count, each, width, head) {
  ctx.beginPath();
  for (let i = 0; i < count; i++) arrow(ctx, ...each(i), head * theme.u);
  ctx.strokeStyle = theme.role("accent");
  ctx.lineWidth = width * theme.u;
  ctx.stroke();
}
