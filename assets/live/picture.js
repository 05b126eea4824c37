// All canvases of a view as one picture: on one canvas (for PNG and for films), or as SVG.

import { atDensity, opaque } from "./plot.js";

/**
 * The visible canvases of a view, and the rectangle around them in CSS pixels.
 *
 * @param {HTMLElement} root
 */
export function canvases(root) {
  const all = [...root.querySelectorAll("canvas")].filter((node) => node.clientWidth > 0);
  const boxes = all.map((node) => node.getBoundingClientRect());
  const left = Math.min(...boxes.map((b) => b.left));
  const top = Math.min(...boxes.map((b) => b.top));
  const width = Math.max(...boxes.map((b) => b.right)) - left;
  const height = Math.max(...boxes.map((b) => b.bottom)) - top;
  const parts = all.map((node, i) => ({ node, x: boxes[i].x - left, y: boxes[i].y - top, w: boxes[i].width, h: boxes[i].height }));
  return { parts, width, height, back: getComputedStyle(root).getPropertyValue("--gl-back") };
}

/**
 * Draw the canvases as they are on a sheet, `sharp` pixels for each CSS pixel; returns it.
 *
 * @param {HTMLCanvasElement} sheet whose size is set if it differs
 * @param {HTMLElement} root
 * @param {number} sharp
 */
export function compose(sheet, root, sharp) {
  const { parts, width, height, back } = canvases(root);
  // Even numbers, as video codecs need them.
  const [w, h] = [width, height].map((size) => 2 * Math.ceil((size * sharp) / 2));
  if (sheet.width !== w) sheet.width = w;
  if (sheet.height !== h) sheet.height = h;
  const ctx = opaque(sheet);
  ctx.fillStyle = back;
  ctx.fillRect(0, 0, w, h);
  for (const part of parts) ctx.drawImage(part.node, part.x * sharp, part.y * sharp, part.w * sharp, part.h * sharp);
  return sheet;
}

/**
 * A picture of the view, redrawn by relayout() with `sharp` pixels for each CSS pixel.
 *
 * @param {HTMLElement} root
 * @param {() => void} relayout
 * @param {number} sharp
 */
export function photograph(root, relayout, sharp) {
  const sheet = document.createElement("canvas");
  atDensity(sharp, () => {
    relayout();
    compose(sheet, root, sharp);
  });
  relayout();
  return sheet;
}
