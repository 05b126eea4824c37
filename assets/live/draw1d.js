// The 1-D picture: Figure 1 of Goodfellow et al. 2014, animated.

import { alpha } from "./theme.js";
import { LINE, SIZES } from "./tokens.js";
import { labelMarks } from "./label_marks.js";
import { drawNotices } from "./notices.js";
import { arrow, density, flood, font, named, offscreen, resize, steady, ticks, trace } from "./plot.js";
import { axisNames, marks } from "./units.js";
import { _ } from "./words.js";

/** @type {import("./types.js").Arrays} */
const NOTHING = {};
/** @type {[number, string][]} */
const HALVES = [[0, "0"], [0.5, "½"], [1, "1"]];
const SHORTEST = 1; // px: a shorter arrow is not drawn

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").NumberArray} NumberArray */

/**
 * Draw a canvas without scaling.
 *
 * @param {Context} ctx
 * @param {OffscreenCanvas} canvas
 * @param {number} x
 * @param {number} y
 */
function paste(ctx, canvas, x, y) {
  ctx.save();
  ctx.resetTransform();
  ctx.drawImage(canvas, x, y);
  ctx.restore();
}

/**
 * The positions of the parts of a picture, in whole pixels: the densities' rectangle, and the lines of x and of z.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} u the text scale
 */
export function placeLine(width, height, u) {
  const left = Math.round(LINE.left * u);
  const head = Math.round(LINE.head * u);
  const below = Math.max(LINE.below * u, (height - head) * LINE.below_share);
  const base = Math.round(height - below);
  const zLine = Math.round(height - LINE.labels * u - 2);
  const xLine = Math.round(base + LINE.x_line * u);
  return { left, w: width - left - Math.round(LINE.right * u), head, base, h: base - head, xLine, zLine };
}

/**
 * A picture of one scene: resize(...) lays it out and draws the still parts, draw(...) one frame.
 *
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").Picture}
 */
export function picture1d(scene) {
  const { x, p_data: pData } = scene.a;
  const n = x.length;
  const [low, high] = scene.box[0];
  const still = offscreen(1, 1, { alpha: false }); // completely drawn, so it needs no blending
  let highest = 1e-9;
  for (const v of pData) if (v > highest) highest = v;
  const top = LINE.top * highest;
  const quantiles = new Float32Array(LINE.quantiles);
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {Set<string>} */
  let hidden;
  let [width, height] = [0, 0];
  /** @type {ReturnType<typeof placeLine>} */
  let g;
  /** @type {{canvas: OffscreenCanvas, x: number, y: number} | null} */
  let data = null; // p_data's dots, which are drawn over p_g, in canvas pixels

  const px = (/** @type {number} */ v) => g.left + ((v - low) / (high - low)) * g.w;
  const pz = (/** @type {number} */ v) => g.left + ((v - scene.latent.lo) / (scene.latent.hi - scene.latent.lo)) * g.w;
  const py = (/** @type {number} */ v) => g.base - (v / top) * g.h;
  const pd = (/** @type {number} */ v) => g.base - v * g.h;
  const at = (/** @type {number} */ i) => px(x[i]);
  const on = (/** @type {string} */ layer) => !hidden.has(layer);

  function drawStill() {
    const ctx = resize(still.ctx, width, height);
    const u = theme.u;
    flood(ctx, theme.back);
    ctx.lineWidth = 1;
    /**
     * @param {number} x0
     * @param {number} y0
     * @param {number} x1
     * @param {number} y1
     * @param {string} colour
     */
    const line = (x0, y0, x1, y1, colour) => {
      ctx.strokeStyle = colour;
      ctx.beginPath();
      ctx.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
      ctx.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
      ctx.stroke();
    };
    const end = g.left + g.w;
    line(g.left, g.base, end, g.base, theme.line);
    line(g.left, g.head, g.left, g.base, theme.line);
    line(end, g.head, end, g.base, alpha(theme.rgb.D, LINE.d_axis_alpha));
    line(g.left, pd(0.5), end, pd(0.5), alpha(theme.rgb.D, LINE.d_half_alpha));

    if (scene.a.real && on("real")) {
      ctx.beginPath();
      for (const v of scene.a.real) {
        ctx.moveTo(px(v), g.base);
        ctx.lineTo(px(v), g.base - LINE.stroke * u);
      }
      ctx.strokeStyle = alpha(theme.rgb.data, LINE.stroke_alpha);
      ctx.lineWidth = LINE.stroke_width * u;
      ctx.stroke();
    }

    ctx.font = font(theme, SIZES.axis);
    ctx.textBaseline = "middle";
    ctx.textAlign = "right";
    ctx.fillStyle = theme.muted;
    for (const [t, text] of named(ticks(0, top, 4))) {
      if (t > 0) line(g.left - 4, py(t), g.left, py(t), theme.line);
      ctx.fillText(text, g.left - 7 * u, py(t));
    }
    ctx.textAlign = "left";
    ctx.fillStyle = theme.role("D");
    for (const [value, name] of HALVES) ctx.fillText(name, end + 7 * u, pd(value));
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "right";
    ctx.fillText("D(x)", width - 2, g.head - 12 * u);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.muted;
    ctx.fillText(_("density"), 2, g.head - 12 * u);
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of marks(low, high, 8, scene.units?.[0])) {
      line(px(t), g.base, px(t), g.base + 4, theme.line);
      ctx.fillText(text, px(t), g.base + 6 * u);
    }

    line(g.left, g.xLine, end, g.xLine, theme.line);
    if (scene.map) {
      line(g.left, g.zLine, end, g.zLine, theme.line);
      for (const [t, text] of named(ticks(scene.latent.lo, scene.latent.hi, 6))) {
        line(pz(t), g.zLine, pz(t), g.zLine + 4, theme.line);
        ctx.fillText(text, pz(t), g.zLine + 6 * u);
      }
    } else {
      ctx.fillText(_("z is {dim}-dimensional: no line to draw", { dim: scene.latent.dim }), g.left + g.w / 2, g.xLine + 20 * u);
    }
    ctx.textBaseline = "middle";
    ctx.textAlign = "right";
    ctx.font = `italic ${font(theme, SIZES.letter)}`;
    ctx.fillStyle = theme.text;
    ctx.fillText("x", g.left - 10 * u, g.xLine);
    if (scene.map) ctx.fillText("z", g.left - 10 * u, g.zLine);
  }

  // Drawing dots is slow and they do not move, so they are drawn once.
  function drawData() {
    const ratio = density();
    const edge = 4 * theme.u;
    const [x, y] = [Math.floor((g.left - edge) * ratio), Math.floor((py(top / 2) - edge) * ratio)];
    const right = Math.ceil((g.left + g.w + edge) * ratio);
    const { canvas, ctx } = offscreen(right - x, Math.ceil((g.base + edge) * ratio) - y);
    ctx.setTransform(ratio, 0, 0, ratio, -x, -y);
    ctx.beginPath();
    trace(ctx, n, at, (i) => py(pData[i]));
    ctx.lineCap = "round";
    ctx.setLineDash([0.1, 5 * theme.u]);
    ctx.strokeStyle = theme.role("data");
    ctx.lineWidth = LINE.p_data * theme.u;
    ctx.stroke();
    data = { canvas, x, y };
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} p
   */
  function drawDensity(ctx, p, width = LINE.p_g) {
    ctx.beginPath();
    ctx.moveTo(at(0), g.base);
    for (let i = 0; i < n; i++) ctx.lineTo(at(i), py(p[i]));
    ctx.lineTo(at(n - 1), g.base);
    ctx.fillStyle = alpha(theme.rgb.G, theme.fill);
    ctx.fill();
    ctx.beginPath();
    trace(ctx, n, at, (i) => py(p[i]));
    ctx.strokeStyle = theme.role("G");
    ctx.lineWidth = width * theme.u;
    ctx.stroke();
  }

  /**
   * The part of p_g with each label.
   * @param {Context} ctx
   * @param {NumberArray} parts one after the other
   */
  function drawParts(ctx, parts) {
    ctx.lineWidth = LINE.p_g * theme.u;
    for (let k = 0; k * n < parts.length; k++) {
      ctx.beginPath();
      trace(ctx, n, at, (i) => py(parts[k * n + i]));
      ctx.strokeStyle = alpha(theme.labels[k % theme.labels.length], 1);
      ctx.stroke();
    }
  }

  /**
   * p_g of the average of G's weights.
   * @param {Context} ctx
   * @param {NumberArray} p
   */
  function drawAverage(ctx, p) {
    ctx.beginPath();
    trace(ctx, n, at, (i) => py(p[i]));
    ctx.strokeStyle = theme.role("G");
    ctx.lineWidth = LINE.average * theme.u;
    ctx.stroke();
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} values
   * @param {number[]} dash
   * @param {number} weight
   * @param {number} strength
   */
  function drawD(ctx, values, dash, weight, strength) {
    ctx.beginPath();
    trace(ctx, n, at, (i) => pd(values[i]));
    ctx.strokeStyle = alpha(theme.rgb.D, strength);
    ctx.lineWidth = weight * theme.u;
    ctx.setLineDash(dash.map((v) => v * theme.u));
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} p
   */
  function drawPeak(ctx, p) {
    let peak = 0;
    for (let i = 1; i < n; i++) if (p[i] > p[peak]) peak = i;
    if (!(p[peak] > top * 1.02)) return;
    const u = theme.u;
    const cx = at(peak);
    const y = g.head - 8 * u;
    ctx.fillStyle = theme.role("G");
    ctx.beginPath();
    ctx.moveTo(cx, y - 5 * u);
    ctx.lineTo(cx + 4.5 * u, y + 2 * u);
    ctx.lineTo(cx - 4.5 * u, y + 2 * u);
    ctx.fill();
    ctx.font = font(theme, SIZES.note, 600);
    ctx.textBaseline = "middle";
    ctx.fillStyle = theme.ink("G");
    const toLeft = cx > g.left + g.w - 90 * u;
    ctx.textAlign = toLeft ? "right" : "left";
    ctx.fillText(steady(p[peak]), cx + (toLeft ? -9 : 9) * u, y - 2 * u);
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} z
   * @param {NumberArray} to
   * @param {NumberArray | undefined} which their labels
   */
  function drawMap(ctx, z, to, which) {
    ctx.lineWidth = 1;
    const colours = which ? theme.labels : [theme.rgb.G];
    colours.forEach((colour, tint) => {
      ctx.beginPath();
      for (let i = 0; i < z.length; i++) {
        if (which && which[i] % colours.length !== tint) continue;
        arrow(ctx, pz(z[i]), g.zLine, px(to[i]), g.xLine, 5 * theme.u);
      }
      ctx.strokeStyle = alpha(colour, LINE.map_alpha);
      ctx.stroke();
    });
  }

  /**
   * Some x, E(x) and G(E(x)): a dashed line down to E(x), an arrow back to G(E(x)).
   *
   * @param {Context} ctx
   * @param {NumberArray} from
   * @param {NumberArray} z
   * @param {NumberArray} to
   */
  function drawCycle(ctx, from, z, to) {
    const u = theme.u;
    const low = scene.map ? g.zLine : g.xLine + LINE.cycle_depth * u;
    const middle = (/** @type {number} */ i) => (scene.map ? pz(z[i]) : px((from[i] + to[i]) / 2));
    ctx.strokeStyle = theme.role("data");
    ctx.lineWidth = LINE.cycle * u;
    ctx.beginPath();
    for (let i = 0; i < from.length; i++) {
      ctx.moveTo(px(from[i]), g.xLine);
      ctx.lineTo(middle(i), low);
    }
    ctx.setLineDash(LINE.cycle_dash.map((v) => v * u));
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    for (let i = 0; i < from.length; i++) arrow(ctx, middle(i), low, px(to[i]), g.xLine, 6 * u);
    ctx.stroke();
  }

  /**
   * Without a line of z, ticks at equal shares of p_g's mass replace the arrows: they are dense where p_g is high.
   *
   * @param {Context} ctx
   * @param {NumberArray} p
   */
  function drawTicks(ctx, p) {
    let total = 0;
    for (let i = 0; i < n; i++) total += p[i];
    let sum = 0;
    let q = 0;
    if (!(total > 0)) return;
    for (let i = 0; i < n; i++) {
      sum += p[i];
      while (q < LINE.quantiles && sum / total >= (q + 0.5) / LINE.quantiles) quantiles[q++] = x[i];
    }
    ctx.beginPath();
    for (let i = 0; i < q; i++) {
      ctx.moveTo(px(quantiles[i]), g.xLine + LINE.tick_from * theme.u);
      ctx.lineTo(px(quantiles[i]), g.xLine + LINE.tick_to * theme.u);
    }
    ctx.strokeStyle = theme.role("G");
    ctx.lineWidth = 1;
    ctx.stroke();
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} where
   * @param {NumberArray} grad
   */
  function drawGradient(ctx, where, grad) {
    ctx.beginPath();
    // Lengths are proportional to gradients on a constant scale, so a vanishing gradient visibly vanishes.
    for (let i = 0; i < where.length; i++) {
      const row = i % LINE.gradient_rows;
      const y = g.xLine - (LINE.gradient_from + row * LINE.gradient_apart) * theme.u;
      const [from, to] = [px(where[i]), px(where[i] + grad[i])];
      if (Math.abs(to - from) > SHORTEST) arrow(ctx, from, y, to, y, 5 * theme.u);
    }
    ctx.strokeStyle = theme.role("accent");
    ctx.lineWidth = LINE.gradient * theme.u;
    ctx.stroke();
  }

  return {
    resize(w, h, newTheme, newHidden) {
      [width, height, theme, hidden] = [w, h, newTheme, newHidden];
      g = placeLine(width, height, theme.u);
      drawStill();
      drawData();
    },
    draw(ctx, frame) {
      paste(ctx, still.canvas, 0, 0);
      const { p_g: pG, average, d, d_star: dStar, map_z: mapZ, map_x: mapX, grad_x: gradX, grad } = frame?.a ?? NOTHING;
      const { p_g_labels: parts, map_label: which, cycle_from: from, cycle_z: inferred, cycle_to: back } = frame?.a ?? NOTHING;
      const marks = scene.a.label_at;
      ctx.lineJoin = "round";
      ctx.save();
      ctx.beginPath();
      ctx.rect(g.left + 1, g.head - 3, g.w - 1, height - g.head + 3);
      ctx.clip();
      if (pG && on("p_g")) drawDensity(ctx, pG, parts ? LINE.average : LINE.p_g);
      if (parts && on("p_g")) drawParts(ctx, parts);
      if (data && on("p_data")) paste(ctx, data.canvas, data.x, data.y);
      if (average && on("average")) drawAverage(ctx, average);
      if (dStar && on("d_star")) drawD(ctx, dStar, [], LINE.d_star, LINE.d_star_alpha);
      if (d && on("d")) drawD(ctx, d, LINE.d_dash, LINE.d, 1);
      if (on("map")) {
        if (scene.map && mapZ && mapX) drawMap(ctx, mapZ, mapX, which);
        else if (!scene.map && pG) drawTicks(ctx, pG);
      }
      if (from && inferred && back && on("cycle")) drawCycle(ctx, from, inferred, back);
      if (gradX && grad && on("gradient")) drawGradient(ctx, gradX, grad);
      ctx.restore();
      if (marks && on("labels")) labelMarks(ctx, theme, marks.length, (k) => [px(marks[k]), g.head + SIZES.label * theme.u]);
      if (pG && on("p_g")) drawPeak(ctx, pG);
      const place = { x: g.left, y: g.head, w: g.w, h: g.h };
      if (scene.units?.length) axisNames(ctx, theme, scene.units, place);
      if (frame) drawNotices(ctx, theme, frame, place, on("p_g"), on("d"));
    },
  };
}
