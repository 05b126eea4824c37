// Histograms of D(x) over [0, 1] for training images, for samples of G, and for images that D was not trained on.

import { chart } from "./chart.js";
import { font, ticks } from "./plot.js";
import { DASHES } from "./tokens.js";
import { _ } from "./words.js";

const LINES = [
  { key: "real", title: _("training"), role: "data", dash: DASHES.dot, width: 2 },
  { key: "unseen", title: _("unseen"), role: "muted", dash: DASHES.dash, width: 1.5 },
  { key: "fake", title: "G's", role: "G", dash: DASHES.solid, width: 2 },
];

/** @type {[number, string][]} */
const HALVES = [[0, "0"], [0.5, "½"], [1, "1"]];

/** {node, resize(width, height, theme), show(message)} */
export function spread() {
  const { node, resize, redraw } = chart({ "data-testid": "spread", "aria-label": _("Histograms of D(x)") }, draw);
  /** @type {import("./types.js").MnistMessage | null} */
  let message = null;

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./types.js").Theme} theme
   * @param {number} width
   * @param {number} left
   */
  function heading(ctx, theme, width, left) {
    const { u } = theme;
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    ctx.font = font(theme, 12.5, 600);
    ctx.fillStyle = theme.text;
    const room = width - left;
    const title = room < 300 * u ? "D(x)" : _("D(x) of images");
    const apart = (room < 240 * u ? 5 : 12) * u;
    ctx.fillText(title, left, 13 * u);
    let x = left + ctx.measureText(title).width + apart;
    ctx.font = font(theme, room < 240 * u ? 11 : 11.5);
    for (const { title, role, dash, width: w } of LINES) {
      const wide = ctx.measureText(title).width;
      if (x + 20 * u + wide > width) return;
      ctx.strokeStyle = theme.role(role);
      ctx.fillStyle = theme.ink(role);
      ctx.lineWidth = w * u;
      ctx.setLineDash(dash.map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(x, 9 * u);
      ctx.lineTo(x + 16 * u, 9 * u);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillText(title, x + 20 * u, 13 * u);
      x += 20 * u + apart + wide;
    }
  }

  /** @type {import("./chart.js").Draw} */
  function draw(ctx, theme, width, height) {
    const { u } = theme;
    const left = Math.round(44 * u);
    const w = width - left - Math.round(48 * u);
    const top = Math.round(20 * u);
    const h = height - top - Math.round(20 * u);
    heading(ctx, theme, width, left);
    if (h < 12) return;
    const all = message?.a ?? {};
    let most = 0;
    for (const { key } of LINES) for (const v of all[key] || []) if (v > most) most = v;
    most = most > 0 ? most * 1.06 : 1;
    const px = (/** @type {number} */ v) => left + v * w;
    const py = (/** @type {number} */ v) => top + h - (v / most) * h;
    ctx.font = font(theme, 11);
    ctx.fillStyle = theme.muted;
    ctx.lineWidth = 1;
    ctx.strokeStyle = theme.faint;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.beginPath();
    for (const t of ticks(0, most, Math.max(1, Math.min(3, Math.floor(h / (24 * u)))))) {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(left, y);
      ctx.lineTo(left + w, y);
      ctx.fillText(`${+(100 * t).toPrecision(3)} %`, left - 6 * u, y);
    }
    ctx.stroke();
    ctx.strokeStyle = theme.line;
    ctx.beginPath();
    ctx.moveTo(left - 0.5, top);
    ctx.lineTo(left - 0.5, top + h + 0.5);
    ctx.lineTo(left + w, top + h + 0.5);
    ctx.stroke();
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [v, word] of HALVES) ctx.fillText(word, px(v), top + h + 5 * u);
    ctx.textAlign = "right";
    ctx.fillText("D(x)", width, top + h + 5 * u);
    ctx.lineJoin = "miter";
    for (const { key, role, dash, width: thick } of LINES) {
      const bins = all[key];
      if (!bins || !bins.length) continue;
      ctx.strokeStyle = theme.role(role);
      ctx.lineWidth = thick * u;
      ctx.setLineDash(dash.map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(px(0), py(bins[0]));
      for (let i = 0; i < bins.length; i++) {
        ctx.lineTo(px(i / bins.length), py(bins[i]));
        ctx.lineTo(px((i + 1) / bins.length), py(bins[i]));
      }
      ctx.stroke();
      ctx.setLineDash([]);
    }
  }

  return {
    node,
    resize,
    /** @param {import("./types.js").MnistMessage} newMessage */
    show(newMessage) {
      message = newMessage;
      redraw();
    },
  };
}
