// The tiles of an ensemble on one canvas: each seed's p_g in front of p_data, and a caption.

import { alpha } from "./theme.js";
import { font, offscreen, resize } from "./plot.js";
import { seedAt } from "./seeds.js";
import { _ } from "./words.js";

const LEAST = 5; // percent of p_g beyond the axes above which a tile shows it
const grouped = new Intl.NumberFormat("en-US");

/** @typedef {import("./types.js").Arrays} Arrays */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Frame} Frame */

/**
 * "0.41" as ".41" if there is little space.
 *
 * @param {number} value
 * @param {boolean} [tight]
 */
const brief = (value, tight) => (tight ? value.toFixed(2).replace(/^0/, "") : value.toFixed(2));

/** @param {{seeds: number}} scene */
const columnsOf = (scene) => Math.round(Math.sqrt(scene.seeds));
const gapOf = (/** @type {number} */ columns, /** @type {number} */ u) => Math.round((columns > 6 ? 5 : 8) * u);
const headOf = (/** @type {number} */ columns, /** @type {number} */ u) => Math.round((columns > 6 ? 13 : 16) * u);

/**
 * The width in which tiles of 2-D pictures fill a height, in pixels.
 *
 * @param {{seeds: number}} scene
 * @param {number} height
 * @param {number} u
 */
export function widthFor(scene, height, u) {
  const columns = columnsOf(scene);
  const gap = gapOf(columns, u);
  const rows = Math.ceil(scene.seeds / columns);
  const side = (height - (rows - 1) * gap) / rows - headOf(columns, u);
  return Math.round(columns * (side + gap) - gap);
}

/**
 * The tiles of one scene: resize(width, height, theme) lays them out, draw(ctx, frame, values) draws them all,
 * and boxes() returns their boxes.
 *
 * @param {import("./types.js").Scene} scene
 * @param {boolean} [captioned] whether each has its seed and metrics above it
 */
export function tiles(scene, captioned = true) {
  const columns = columnsOf(scene);
  const rows = Math.ceil(scene.seeds / columns);
  const still = offscreen(1, 1); // the background of every tile
  let [width, height] = [0, 0];
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {{w: number, h: number, head: number, gap: number, size: number}} */
  let g;

  function layout() {
    const u = theme.u;
    const [gap, head] = [gapOf(columns, u), captioned ? headOf(columns, u) : 0];
    let w = (width - (columns - 1) * gap) / columns;
    let h = (height - (rows - 1) * gap) / rows - head;
    if (scene.dim === 2) w = h = Math.min(w, h);
    [w, h] = [Math.floor(w), Math.floor(h)];
    g = { w, h, head, gap, size: Math.min(12, Math.max(9.5, w / u / 9)) };
  }

  const place = (/** @type {number} */ i) => ({
    x: (i % columns) * (g.w + g.gap),
    y: Math.floor(i / columns) * (g.h + g.head + g.gap),
    w: g.w,
    h: g.h + g.head,
  });

  function drawStill() {
    const ctx = resize(still.ctx, g.w, g.h);
    ctx.fillStyle = theme.back;
    ctx.fillRect(0, 0, g.w, g.h);
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = 1;
    ctx.strokeRect(0.5, 0.5, g.w - 1, g.h - 1);
    if (scene.dim === 2) drawContours(ctx);
  }

  /** @param {Context} ctx */
  function drawContours(ctx) {
    const { contours, contour_lengths: lengths, contour_levels: levels } = scene.a;
    if (!contours) return;
    const [[x0, x1], [y0, y1]] = scene.box;
    ctx.lineWidth = Math.max(0.8, 0.9 * theme.u);
    let at = 0;
    for (let i = 0; i < lengths.length; i++) {
      ctx.beginPath();
      for (let j = 0; j < lengths[i]; j++, at += 2) {
        ctx.lineTo(((contours[at] - x0) / (x1 - x0)) * g.w, ((y1 - contours[at + 1]) / (y1 - y0)) * g.h);
      }
      ctx.strokeStyle = alpha(theme.rgb.data, 0.45 + 0.2 * levels[i]);
      ctx.stroke();
    }
  }

  const py = (/** @type {number} */ share) => g.h - 1 - share * (g.h - 3);

  /**
   * Values (0 to 1) over the whole width of the box, at cell centres or at its ends too.
   *
   * @param {Context} ctx
   * @param {number} count
   * @param {(i: number) => number} value
   * @param {boolean} centres
   */
  function path(ctx, count, value, centres) {
    for (let i = 0; i < count; i++) {
      const x = centres ? (i + 0.5) / count : i / (count - 1);
      ctx.lineTo(x * g.w, py(value(i)));
    }
  }

  /**
   * @param {Context} ctx
   * @param {Frame} frame
   * @param {number} r
   */
  function drawLines(ctx, frame, r) {
    const { p_g: pG, d } = frame.a;
    const u = theme.u;
    const cells = frame.shape.p_g[1];
    const points = frame.shape.d[1];
    const density = (/** @type {number} */ i) => pG[r * cells + i] / 255;
    ctx.beginPath();
    ctx.moveTo(0, py(0));
    path(ctx, cells, density, true);
    ctx.lineTo(g.w, py(0));
    ctx.fillStyle = alpha(theme.rgb.G, theme.dark ? 0.26 : 0.2);
    ctx.fill();
    ctx.beginPath();
    path(ctx, cells, density, true);
    ctx.strokeStyle = theme.role("G");
    ctx.lineWidth = 1.5 * u;
    ctx.stroke();
    ctx.beginPath();
    const none = frame.a.d_none;
    for (let i = 0, pen = false; i < points; i++) {
      const at = r * points + i;
      const [x, y] = [(i / (points - 1)) * g.w, py(d[at] / 255)];
      if (none?.[at]) pen = false;
      else if (pen) ctx.lineTo(x, y);
      else {
        ctx.moveTo(x, y);
        pen = true;
      }
    }
    ctx.strokeStyle = alpha(theme.rgb.D, 0.9);
    ctx.lineWidth = u;
    ctx.stroke();
    ctx.beginPath();
    path(ctx, scene.a.p_data.length, (i) => scene.a.p_data[i], true);
    ctx.strokeStyle = theme.role("data");
    ctx.lineWidth = 1.6 * u;
    ctx.lineCap = "round";
    ctx.setLineDash([0.1, 3.4 * u]);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.lineCap = "butt";
  }

  /**
   * @param {Context} ctx
   * @param {Frame} frame
   * @param {number} r
   */
  function drawPoints(ctx, frame, r) {
    const { fake } = frame.a;
    const count = frame.shape.fake[1];
    const side = Math.max(1.5, Math.min(3, g.w / 55)) * Math.min(1.2, theme.u);
    const half = side / 2;
    const [sx, sy] = [g.w / (2 * scene.scale), g.h / (2 * scene.scale)];
    ctx.fillStyle = theme.role("G");
    for (let i = 2 * r * count; i < 2 * (r + 1) * count; i += 2) {
      const x = g.w / 2 + fake[i] * sx;
      const y = g.h / 2 - fake[i + 1] * sy;
      if (x > 0 && x < g.w && y > 0 && y < g.h) ctx.fillRect(x - half, y - half, side, side);
    }
  }

  /**
   * A bar for each symbol, or for each string of p_data, and the last one for all other strings.
   *
   * @param {Context} ctx
   * @param {Frame} frame
   * @param {number} r
   */
  function drawBars(ctx, frame, r) {
    const { p_g: pG } = frame.a;
    const count = frame.shape.p_g[1];
    const step = g.w / count;
    const wide = Math.max(1.5, step * 0.75);
    const edge = (/** @type {number} */ i) => step * (i + 0.5) - wide / 2;
    for (let i = 0; i < count; i++) {
      const y = py(pG[r * count + i] / 255);
      ctx.fillStyle = i === count - 1 ? theme.muted : alpha(theme.rgb.G, 0.75);
      ctx.fillRect(edge(i), y, wide, py(0) - y);
    }
    ctx.fillStyle = theme.role("data");
    for (let i = 0; i < count; i++) ctx.fillRect(edge(i), py(scene.a.p_data[i]) - 0.75, wide, 1.5 * theme.u);
  }

  /**
   * The seed on the left; on the right JSD and modes, as far as they fit.
   *
   * @param {Context} ctx
   * @param {Box} box
   * @param {number} seed
   * @param {Arrays | null} values
   * @param {number} r
   */
  function caption(ctx, box, seed, values, r) {
    const u = theme.u;
    const y = box.y + g.head - 4 * u;
    const jsd = values?.tile_jsd?.[r];
    const modes = values?.tile_modes?.[r];
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    ctx.font = font(theme, g.size, 600);
    ctx.fillStyle = theme.text;
    const wide = ctx.measureText("seed 00000").width;
    const roomy = g.w > 118 * u;
    ctx.fillText(roomy ? _("seed {seed}", { seed }) : String(seed), box.x, y, g.w / 2);
    if (jsd === undefined || !Number.isFinite(jsd)) return;
    ctx.font = font(theme, g.size);
    ctx.textAlign = "right";
    const held = modes === undefined || scene.modes < 2 ? "" : ` · ${modes}`;
    const full = held && `${held}/${scene.modes}`;
    const words = [`JSD ${brief(jsd)}${full}`, `${brief(jsd)}${full}`, `${brief(jsd, true)}${full}`, `${brief(jsd, true)}${held}`];
    const room = g.w - (roomy ? wide : wide / 3);
    const text = words.find((word) => ctx.measureText(word).width <= room) ?? words[3];
    ctx.fillStyle = theme.muted;
    ctx.fillText(text, box.x + g.w, y, room);
  }

  /**
   * A triangle at the edge beyond which most of p_g lies, and the percentage there.
   *
   * @param {Context} ctx
   * @param {number} side
   * @param {number} percent
   */
  function drawBeyond(ctx, side, percent) {
    if (percent < LEAST) return;
    const u = theme.u;
    const size = 4 * u;
    // left, right, bottom, top: the edge, and its outward direction
    const [x, y, dx, dy] = [
      [0, g.h / 3, -1, 0], [g.w, g.h / 3, 1, 0], [g.w / 2, g.h, 0, 1], [g.w / 2, 0, 0, -1],
    ][side];
    const [bx, by] = [x - dx * 2 * size, y - dy * 2 * size];
    ctx.font = font(theme, g.size, 600);
    ctx.textBaseline = "middle";
    const text = `${percent} %`;
    const wide = ctx.measureText(text).width;
    const left = dx ? bx - dx * 2 * u - (dx > 0 ? wide : 0) : bx + 1.6 * size;
    const middle = dx ? y : y - dy * Math.max(size, 0.7 * g.size * u);
    ctx.globalAlpha = 0.75;
    ctx.fillStyle = theme.back;
    ctx.fillRect(left - 2, middle - g.size * 0.6 * u, wide + 4, g.size * 1.2 * u);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.ink("G");
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(bx + dy * size, by + dx * size);
    ctx.lineTo(bx - dy * size, by - dx * size);
    ctx.fill();
    ctx.textAlign = "left";
    ctx.fillText(text, left, middle);
  }

  /**
   * @param {Context} ctx
   * @param {number} iteration
   */
  function mourn(ctx, iteration) {
    const u = theme.u;
    ctx.fillStyle = theme.back;
    ctx.globalAlpha = 0.6;
    ctx.fillRect(1, 1, g.w - 2, g.h - 2);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.ink("accent");
    ctx.font = font(theme, Math.min(12.5, g.size + 1), 600);
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(_("diverged"), g.w / 2, g.h / 2 - 7 * u, g.w - 4);
    ctx.fillText(`at ${grouped.format(iteration)}`, g.w / 2, g.h / 2 + 8 * u, g.w - 4);
  }

  return {
    /**
     * @param {number} w
     * @param {number} h
     * @param {import("./types.js").Theme} newTheme
     */
    resize(w, h, newTheme) {
      [width, height, theme] = [w, h, newTheme];
      layout();
      drawStill();
    },
    boxes: () => Array.from({ length: scene.seeds }, (_, i) => place(i)),
    /**
     * @param {Context} ctx
     * @param {Frame | null} frame
     * @param {Arrays | null} values
     */
    draw(ctx, frame, values) {
      ctx.fillStyle = theme.back;
      ctx.fillRect(0, 0, width, height);
      ctx.lineJoin = "round";
      for (let r = 0; r < scene.seeds; r++) {
        const box = place(r);
        ctx.drawImage(still.canvas, box.x, box.y + g.head, g.w, g.h);
        if (captioned) caption(ctx, box, seedAt(scene.seed, r), values, r);
        if (!frame) continue;
        ctx.save();
        ctx.translate(box.x, box.y + g.head);
        ctx.beginPath();
        ctx.rect(0, 0, g.w, g.h);
        ctx.clip();
        [drawBars, drawLines, drawPoints][scene.dim](ctx, frame, r);
        if (frame.a.beyond) drawBeyond(ctx, frame.a.beyond[2 * r], frame.a.beyond[2 * r + 1]);
        if (frame.a.diverged?.[r]) mourn(ctx, frame.a.diverged[r]);
        ctx.restore();
      }
    },
  };
}
