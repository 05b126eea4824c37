// Eigenvalues in the complex plane: those μ of one update beside the unit circle, or those of a game around 0.

import { font, named, ticks } from "./plot.js";
import { SIZES } from "./tokens.js";

/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {{points: import("./types.js").NumberArray | undefined, role: string, ring: boolean}} Group real and imaginary parts in turn, drawn as rings or as dots */

const NEAR = 0.6; // eigenvalues with a larger absolute value determine the axes
const LEAST = 0.15; // half the width of the axes around 1
const WHOLE = 0.85; // from which on the whole circle is shown

/**
 * The centre and half of the width of axes: around the circle, or around those near 1, where plain updates have theirs.
 *
 * @param {[number, number][]} all
 * @param {number} least
 */
function aroundCircle(all, least) {
  const largest = all.filter(([re, im]) => Math.hypot(re, im) > NEAR);
  if (!largest.length) return { centre: 0, half: 1.25 };
  const low = Math.min(...largest.map(([re]) => re), 1);
  const high = Math.max(...largest.map(([re]) => re), 1);
  const tall = Math.max(...largest.map(([, im]) => Math.abs(im)));
  const half = Math.max(least, 1.25 * tall, 0.75 * (high - low));
  if (half > WHOLE) return { centre: 0, half: Math.max(1.25, 1.1 * Math.max(...all.map(([re, im]) => Math.hypot(re, im)))) };
  return { centre: (low + high) / 2, half };
}

/**
 * The same of axes that contain 0.
 *
 * @param {[number, number][]} all
 */
function aroundZero(all) {
  const low = Math.min(0, ...all.map(([re]) => re));
  const high = Math.max(0, ...all.map(([re]) => re));
  const tall = Math.max(0, ...all.map(([, im]) => Math.abs(im)));
  return { centre: (low + high) / 2, half: Math.max(1.15 * tall, 0.6 * (high - low)) || 1 };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {number} width
 * @param {number} height
 * @param {{title: string, about?: string, groups: Group[], circle: boolean, key: string[], least?: number}} what circle: whether
 *   these are eigenvalues of an update; least: half of the least width of the axes then
 */
export function complexPlane(ctx, theme, width, height, { title, about = "", groups, circle, key, least = LEAST }) {
  const u = theme.u;
  const { left, top, w, h } = frame(ctx, theme, width, height, title, about);
  const side = Math.min(w, h);
  const x0 = left + (w - side) / 2;
  /** @type {[number, number][]} */
  const all = [];
  for (const { points = [] } of groups) for (let k = 0; k < points.length; k += 2) all.push([points[k], points[k + 1]]);
  const { centre, half } = circle ? aroundCircle(all, least) : aroundZero(all);
  const px = (/** @type {number} */ re) => x0 + (side * (re - centre + half)) / (2 * half);
  const py = (/** @type {number} */ im) => top + (h - side) / 2 + (side * (half - im)) / (2 * half);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, w, h);
  ctx.clip();
  ctx.strokeStyle = theme.faint;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(left, Math.round(py(0)) + 0.5);
  ctx.lineTo(left + w, Math.round(py(0)) + 0.5);
  ctx.moveTo(Math.round(px(0)) + 0.5, top);
  ctx.lineTo(Math.round(px(0)) + 0.5, top + h);
  ctx.stroke();
  if (circle) {
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 1.4 * u;
    ctx.beginPath();
    ctx.arc(px(0), py(0), Math.abs(px(1) - px(0)), 0, 2 * Math.PI);
    ctx.stroke();
  }
  for (const { points = [], role, ring } of groups) {
    ctx.strokeStyle = ctx.fillStyle = theme.role(role);
    ctx.lineWidth = 1.8 * u;
    for (let k = 0; k < points.length; k += 2) {
      ctx.beginPath();
      ctx.arc(px(points[k]), py(points[k + 1]), (ring ? 6.5 : 3) * u, 0, 2 * Math.PI);
      if (ring) ctx.stroke();
      else ctx.fill();
    }
  }
  ctx.restore();
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.fillStyle = theme.muted;
  ctx.textBaseline = "middle";
  if (circle) {
    // The name of the circle, where it leaves the picture or at its top.
    const im = Math.min(0.93 * half, 0.93);
    ctx.textAlign = "right";
    ctx.fillText("|μ| = 1", px(Math.sqrt(1 - im * im)) - 6 * u, py(-im));
  }
  ctx.textAlign = "left";
  key.forEach((text, i) => ctx.fillText(text, left + 6 * u, top + (11 + 15 * i) * u));
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  const reach = (w / side) * half;
  for (const [t, text] of named(ticks(centre - reach, centre + reach, Math.max(2, w / (60 * u))))) {
    if (px(t) > left + 10 * u && px(t) < left + w - 10 * u) ctx.fillText(text, px(t), top + h + 5 * u);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const up = (h / side) * half;
  for (const [t, text] of named(ticks(-up, up, Math.max(3, h / (45 * u))))) {
    if (py(t) > top + 6 * u && py(t) < top + h - 4 * u) ctx.fillText(text === "0" ? text : `${text} i`, left - 5 * u, py(t));
  }
}

/**
 * The title and the box of a panel, and its plot rectangle.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {number} width
 * @param {number} height
 * @param {string} title
 * @param {string} about
 */
export function frame(ctx, theme, width, height, title, about) {
  const u = theme.u;
  const [left, top, below, right] = [42 * u, 22 * u, 22 * u, 10 * u];
  ctx.textBaseline = "alphabetic";
  ctx.textAlign = "left";
  ctx.font = font(theme, SIZES.title, 600);
  ctx.fillStyle = theme.text;
  ctx.fillText(title, left, 14 * u);
  const wide = ctx.measureText(title).width;
  ctx.font = font(theme, SIZES.unit);
  ctx.fillStyle = theme.muted;
  if (left + wide + ctx.measureText(about).width + 12 * u < width) ctx.fillText(about, left + wide + 10 * u, 14 * u);
  const g = { left, top, w: Math.max(1, width - left - right), h: Math.max(1, height - top - below) };
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
  return g;
}
