// The sheet on which a density on the line is drawn: heights at equal distances.

import { placeLine } from "./draw1d.js";
import { flood, font, named, ticks } from "./plot.js";
import { sweep } from "./strokes.js";
import { alpha } from "./theme.js";
import { LINE, SIZES } from "./tokens.js";
import { _ } from "./words.js";

const HIGHEST = 100; // of a height, which is an integer
const KEY = 5; // change of a height by a key

/**
 * @param {import("./types.js").Sketched} about
 * @returns {import("./types.js").Sheet}
 */
export function curveSheet(about) {
  const { area: [[low, high]], box: [[left, right]] } = about;
  const start = about.heights ?? [];
  const last = start.length - 1;
  let heights = [...start];
  let cursor = last >> 1;
  /** @type {{at: number, height: number} | null} */
  let before = null; // the last point of the stroke
  /** @type {import("./types.js").Theme} */
  let theme;
  let [width, height] = [0, 0];
  /** @type {ReturnType<typeof placeLine>} */
  let g;

  const px = (/** @type {number} */ x) => g.left + ((x - left) / (right - left)) * g.w;
  const at = (/** @type {number} */ i) => px(low + ((high - low) * i) / last);
  const py = (/** @type {number} */ h) => g.base - (h / HIGHEST) * g.h;

  /** @param {CanvasRenderingContext2D} ctx */
  function drawAxes(ctx) {
    const u = theme.u;
    ctx.fillStyle = theme.faint;
    ctx.globalAlpha = 0.35;
    ctx.fillRect(g.left, g.head, px(low) - g.left, g.h);
    ctx.fillRect(px(high), g.head, g.left + g.w - px(high), g.h);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(g.left + 0.5, g.head + 0.5, g.w, g.h);
    ctx.font = font(theme, SIZES.axis);
    ctx.fillStyle = theme.muted;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of named(ticks(left, right, 8))) ctx.fillText(text, px(t), g.base + 6 * u);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillText(_("density, scaled to area 1"), g.left, g.head - 8 * u);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number[]} values
   */
  function path(ctx, values) {
    ctx.beginPath();
    values.forEach((h, i) => ctx.lineTo(at(i), py(h)));
  }

  return {
    hint: _("Drag in the picture to shape the curve; or ← → to choose a place, ↑ ↓ for its height."),
    says: () => `x = ${+(low + ((high - low) * cursor) / last).toPrecision(3)}: height ${heights[cursor]} of ${HIGHEST}`,
    sized: false,
    values: () => heights,
    set: (values) => void (heights = [.../** @type {number[]} */ (values)]),
    clear: () => void heights.fill(0),
    blank: () => heights.every((h) => h === 0),
    same: () => heights.every((h, i) => h === start[i]),
    command: () => ({ cmd: "draw_curve", heights, low, high }),
    resize(wide, tall, newTheme) {
      [width, height, theme] = [wide, tall, newTheme];
      g = placeLine(width, height, theme.u);
      g.base = height - Math.round(LINE.left * theme.u);
      g.h = g.base - g.head;
    },
    begin(x, y) {
      before = null;
      this.move(x, y);
    },
    move(x, y) {
      const share = (x - px(low)) / (px(high) - px(low));
      cursor = Math.round(Math.min(1, Math.max(0, share)) * last);
      const now = { at: cursor, height: Math.min(HIGHEST, Math.max(0, ((g.base - y) / g.h) * HIGHEST)) };
      sweep(heights, before, now, Math.round);
      before = now;
    },
    point: () => {},
    key(key) {
      const by = { ArrowUp: KEY, ArrowDown: -KEY }[key] ?? 0;
      const along = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
      if (!by && !along) return null;
      cursor = Math.min(last, Math.max(0, cursor + along));
      return by ? () => void (heights[cursor] = Math.min(HIGHEST, Math.max(0, heights[cursor] + by))) : () => {};
    },
    draw(ctx, focused) {
      flood(ctx, theme.back);
      drawAxes(ctx);
      const u = theme.u;
      path(ctx, start);
      ctx.lineCap = "round";
      ctx.setLineDash([0.1, 5 * u]);
      ctx.strokeStyle = alpha(theme.rgb.data, 0.35);
      ctx.lineWidth = LINE.p_data * u;
      ctx.stroke();
      ctx.setLineDash([]);
      path(ctx, heights);
      ctx.strokeStyle = theme.role("data");
      ctx.lineJoin = "round";
      ctx.lineWidth = LINE.p_g * u;
      ctx.stroke();
      ctx.lineTo(at(last), g.base);
      ctx.lineTo(at(0), g.base);
      ctx.fillStyle = alpha(theme.rgb.data, theme.fill);
      ctx.fill();
      if (!focused) return;
      ctx.beginPath();
      ctx.arc(at(cursor), py(heights[cursor]), 5 * u, 0, 2 * Math.PI);
      ctx.fillStyle = theme.role("accent");
      ctx.fill();
    },
  };
}
