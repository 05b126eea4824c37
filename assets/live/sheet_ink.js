// The sheet on which a density in the plane is drawn: ink in square pixels.

import { picture2d, placePlane } from "./draw2d.js";
import { offscreen } from "./plot.js";
import { LEVELS, packed, stroke, unpacked } from "./strokes.js";
import { alpha, pixelOf } from "./theme.js";
import { _ } from "./words.js";

const FAINT = 0.62; // the share of the background over the present p_data

/**
 * @param {import("./types.js").Sketched} about
 * @param {import("./types.js").Scene} scene whose p_data is shown faintly
 * @returns {import("./types.js").Sheet}
 */
export function inkSheet(about, scene) {
  const { area: [[low, high], [bottom, top]], box, size = 64 } = about;
  const start = about.ink ? unpacked(about.ink) : new Uint8Array(size * size);
  let ink = start.slice();
  const guide = picture2d({ ...scene, box }); // its axes, and its contours of p_data
  const hidden = new Set(["real"]);
  const image = offscreen(size, size);
  const cells = image.ctx.createImageData(size, size);
  const pixels = new Uint32Array(cells.data.buffer);
  /** @type {[x: number, y: number]} */
  let cursor = [size / 2, size / 2];
  /** @type {[x: number, y: number] | null} */
  let pointer = null;
  let down = false; // whether the keys' pen is on the paper
  let [radius, erase] = [1.5, false];
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {{left: number, top: number, scale: number, w: number, bottom: number}} */
  let g;

  const px = (/** @type {number} */ x) => g.left + (x - box[0][0]) * g.scale;
  const py = (/** @type {number} */ y) => g.bottom - (y - box[1][0]) * g.scale;
  /** @type {(x: number, y: number) => [number, number]} */
  const pixelAt = (x, y) => [((x - px(low)) / (px(high) - px(low))) * size, ((y - py(top)) / (py(bottom) - py(top))) * size];

  /** @type {(to: [number, number]) => void} */
  function line(to) {
    stroke(ink, size, cursor, to, radius, erase);
    cursor = to;
  }

  return {
    hint: _("Drag in the picture to draw. Arrow keys move the pen, the space bar puts it down or lifts it."),
    says: () => _("pen {which}, column {cursor}, row {cursor2} of {size}", { which: down ? "down" : "up", cursor: Math.round(cursor[0]), cursor2: Math.round(cursor[1]), size }),
    sized: true,
    values: () => ink,
    set: (values) => void (ink = Uint8Array.from(values)),
    clear: () => void ink.fill(0),
    blank: () => ink.every((v) => v === 0),
    same: () => ink.every((v, i) => v === start[i]),
    command: () => ({ cmd: "draw_ink", ink: packed(ink), width: high - low }),
    pen: (size, erases) => void ([radius, erase] = [size / 2, erases]),
    resize(wide, tall, newTheme) {
      theme = newTheme;
      g = placePlane(box, wide, tall, theme.u);
      guide.resize(wide, tall, theme, hidden);
    },
    begin(x, y) {
      cursor = pixelAt(x, y);
      pointer = cursor;
      line(cursor);
    },
    move(x, y) {
      pointer = pixelAt(x, y);
      line(pointer);
    },
    point: (place) => void (pointer = place && pixelAt(...place)),
    key(key) {
      if (key === " ") {
        down = !down;
        return down ? () => line(cursor) : () => {};
      }
      const by = /** @type {Record<string, [number, number] | undefined>} */ ({
        ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
      })[key];
      if (!by) return null;
      const [x, y] = [0, 1].map((axis) => Math.min(size, Math.max(0, cursor[axis] + by[axis])));
      pointer = null;
      if (down) return () => line([x, y]);
      cursor = [x, y];
      return () => {};
    },
    draw(ctx, focused) {
      guide.draw(ctx, null);
      const u = theme.u;
      const [x, y, w, h] = [px(low), py(top), px(high) - px(low), py(bottom) - py(top)];
      ctx.fillStyle = theme.back;
      ctx.globalAlpha = FAINT;
      ctx.fillRect(g.left, g.top, g.w, g.bottom - g.top);
      ctx.globalAlpha = 1;
      const colour = pixelOf(theme.rgb.data) & 0xffffff;
      for (let i = 0; i < ink.length; i++) pixels[i] = colour | (Math.round((255 * ink[i]) / LEVELS) << 24);
      image.ctx.putImageData(cells, 0, 0);
      ctx.imageSmoothingEnabled = true; // the density is bilinear as well
      ctx.drawImage(image.canvas, x, y, w, h);
      ctx.strokeStyle = theme.muted;
      ctx.setLineDash([4 * u, 4 * u]);
      ctx.lineWidth = 1;
      ctx.strokeRect(x, y, w, h);
      ctx.setLineDash([]);
      const pen = pointer ?? (focused ? cursor : null);
      if (!pen) return;
      ctx.beginPath();
      ctx.arc(x + (pen[0] / size) * w, y + (pen[1] / size) * h, Math.max(3, (radius / size) * w), 0, 2 * Math.PI);
      ctx.strokeStyle = alpha(theme.rgb.accent, 1);
      ctx.lineWidth = (down ? 3 : 1.5) * u;
      ctx.stroke();
    },
  };
}
