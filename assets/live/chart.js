// A canvas for one small chart, which is redrawn at each size and for each message.

import { el } from "./dom.js";
import { fit, flood, font, logTicks, named, power, short, ticks } from "./plot.js";
import { SIZES } from "./tokens.js";
import { _ } from "./words.js";

/** @typedef {(ctx: CanvasRenderingContext2D, theme: import("./types.js").Theme, width: number, height: number) => void} Draw */

/**
 * draw(ctx, theme, width, height) is called on a canvas that is filled with the background.
 *
 * @param {Record<string, string>} attributes of the canvas
 * @param {Draw} draw
 */
export function chart(attributes, draw) {
  const node = el("canvas", { class: "gl-canvas-plain", role: "img", ...attributes });
  let redraw = () => {}; // until it has a size
  return {
    node,
    redraw: () => redraw(),
    /**
     * @param {number} width
     * @param {number} height
     * @param {import("./types.js").Theme} theme
     */
    resize(width, height, theme) {
      redraw = () => {
        const ctx = fit(node, width, height);
        flood(ctx, theme.back);
        draw(ctx, theme, width, height);
      };
      redraw();
    },
  };
}

/**
 * The axes of a chart over updates: values on a logarithmic axis, with their grid, and the updates below.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("./types.js").Theme} theme
 * @param {{left: number, top: number, w: number, h: number}} place
 * @param {number} last the last update
 * @param {[number, number]} ends the logarithms at the lower and the upper end
 * @param {(update: number) => number} px
 * @param {(value: number) => number} py
 */
export function overUpdates(ctx, theme, { left, top, w, h }, last, [low, high], px, py) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.fillStyle = theme.muted;
  ctx.strokeStyle = theme.faint;
  ctx.lineWidth = 1;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const [least, most] = [Math.exp(low), Math.exp(high)];
  const decades = Math.log10(most / least) > 1.8;
  ctx.beginPath();
  for (const t of decades ? logTicks(least, most, 4) : ticks(least, most, 4).filter((v) => v > 0)) {
    const y = Math.round(py(t)) + 0.5;
    ctx.moveTo(left, y);
    ctx.lineTo(left + w, y);
    ctx.fillText(decades ? power(Math.round(Math.log10(t))) : short(t), left - 5 * u, y);
  }
  ctx.stroke();
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const [t, text] of named(ticks(0, last, Math.max(2, w / (70 * u))))) {
    if (px(t) < left + w - 40 * u) ctx.fillText(text, px(t), top + h + 5 * u);
  }
  ctx.textAlign = "right";
  ctx.fillText(_("update"), left + w, top + h + 5 * u);
}
