// The 2-D picture: D as a field, p_data as contours, real and generated samples, G's latent grid.

import { alpha } from "./theme.js";
import { PLANE, SIZES } from "./tokens.js";
import { labelMarks } from "./label_marks.js";
import { drawNotices, hatch } from "./notices.js";
import { dotLayer, enlarger } from "./pixels.js";
import { arrow, density, flood, font } from "./plot.js";
import { axisNames, marks } from "./units.js";

/** @type {import("./types.js").Decoded} */
const NOTHING = { a: {}, shape: {} };
const SHORTEST = 1; // px: a shorter arrow is not drawn
const SQUARE = Math.sqrt(Math.PI) / 2; // the side of a square with the area of a disc of diameter 1
const NEAR = 0.7; // px: closer points of a line are merged

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").NumberArray} NumberArray */

/**
 * The plot rectangle, in whole pixels; scale: pixels of one unit.
 *
 * @param {number[][]} box the axes' ends
 * @param {number} width
 * @param {number} height
 * @param {number} u the text scale
 */
export function placePlane([[xLow, xHigh], [yLow, yHigh]], width, height, u) {
  const left = Math.round(PLANE.left * u);
  const below = Math.round(PLANE.below * u);
  const pad = Math.round(PLANE.pad * u);
  const scale = Math.min((width - left - pad) / (xHigh - xLow), (height - below - pad) / (yHigh - yLow));
  const w = Math.round(scale * (xHigh - xLow));
  const h = Math.round(scale * (yHigh - yLow));
  const offset = Math.max(0, Math.round((width - left - pad - w) / 2));
  return { left: left + offset, w, h, top: pad, bottom: pad + h, scale };
}

/**
 * A picture of one scene: resize(...) lays it out and draws the still parts, draw(...) one frame.
 *
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").Picture}
 */
export function picture2d(scene) {
  const [[xLow, xHigh], [yLow, yHigh]] = scene.box;
  const drawField = enlarger();
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {Set<string>} */
  let hidden;
  /** @type {ReturnType<typeof placePlane>} */
  let g;
  /** @type {import("./types.js").Box & {ratio: number}} */
  let box; // the plot rectangle and the ratio, in pixels of the canvas
  /** @type {ReturnType<typeof dotLayer>} */
  let drawDots; // the real samples and the contours, and the generated samples above
  let bare = true; // whether the area outside the plot rectangle must be drawn

  const px = (/** @type {number} */ v) => g.left + (v - xLow) * g.scale;
  const py = (/** @type {number} */ v) => g.bottom - (v - yLow) * g.scale;
  const on = (/** @type {string} */ layer) => !hidden.has(layer);
  const knows = (/** @type {string} */ id) => (scene.layers ?? []).some((layer) => layer.id === id);

  /** @param {Context} ctx */
  function drawAxes(ctx) {
    const u = theme.u;
    flood(ctx, theme.back);
    ctx.strokeStyle = theme.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
    ctx.font = font(theme, SIZES.axis);
    ctx.fillStyle = theme.muted;
    ctx.beginPath();
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of marks(xLow, xHigh, 6, scene.units?.[0])) {
      const x = Math.round(px(t)) + 0.5;
      ctx.moveTo(x, g.bottom);
      ctx.lineTo(x, g.bottom + 4);
      ctx.fillText(text, x, g.bottom + 7 * u);
    }
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const [t, text] of marks(yLow, yHigh, 6, scene.units?.[1])) {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(g.left, y);
      ctx.lineTo(g.left - 4, y);
      ctx.fillText(text, g.left - 7 * u, y);
    }
    ctx.stroke();
  }

  function layStill() {
    const ratio = density();
    const [x, y] = [Math.round(g.left * ratio), Math.round(g.top * ratio)];
    box = { x, y, w: Math.round(g.w * ratio), h: Math.round(g.h * ratio), ratio };
    drawDots = dotLayer(box.w, box.h, (ctx) => {
      ctx.setTransform(ratio, 0, 0, ratio, -x, -y);
      if (on("real")) drawReal(ctx);
      if (on("p_data")) drawContours(ctx);
    });
  }

  /** @param {Context} ctx */
  function drawReal(ctx) {
    const real = scene.a.real;
    if (!real) return;
    const r = (PLANE.real / 2) * theme.u;
    ctx.fillStyle = alpha(theme.rgb.data, PLANE.real_alpha);
    ctx.beginPath();
    for (let i = 0; i < real.length; i += 2) {
      const x = px(real[i]);
      const y = py(real[i + 1]);
      ctx.moveTo(x + r, y);
      ctx.arc(x, y, r, 0, 2 * Math.PI);
    }
    ctx.fill();
  }

  /** @param {Context} ctx */
  function drawContours(ctx) {
    const { contours, contour_lengths: lengths, contour_levels: levels } = scene.a;
    if (!contours || !lengths) return;
    ctx.lineCap = "round";
    ctx.setLineDash([0.1, 4 * theme.u]);
    ctx.lineWidth = PLANE.contour * theme.u;
    let at = 0;
    for (let i = 0; i < lengths.length; i++) {
      ctx.strokeStyle = alpha(theme.rgb.data, PLANE.contour_alpha + PLANE.contour_alpha_step * (levels ? levels[i] : 0));
      ctx.beginPath();
      for (let j = 0; j < lengths[i]; j++, at += 2) ctx.lineTo(px(contours[at]), py(contours[at + 1]));
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.lineCap = "butt";
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray | null} fake
   * @param {NumberArray | undefined} which their labels
   */
  function drawFake(ctx, fake, which) {
    const { x, y, ratio } = box;
    const side = Math.round(PLANE.fake * SQUARE * theme.u * ratio);
    const tints = { colours: which ? theme.labels : [theme.rgb.G], which };
    drawDots(ctx, x, y, fake, tints, side, (v) => px(v) * ratio - x, (v) => py(v) * ratio - y);
  }

  /**
   * Lines from some generated samples to the nearest training points.
   * @param {Context} ctx
   * @param {NumberArray} fake
   * @param {NumberArray} data
   */
  function drawNearest(ctx, fake, data) {
    ctx.beginPath();
    for (let i = 0; i < Math.min(fake.length, 2 * PLANE.nearest_count); i += 2) {
      let [best, at] = [Infinity, 0];
      for (let j = 0; j < data.length; j += 2) {
        const far = (data[j] - fake[i]) ** 2 + (data[j + 1] - fake[i + 1]) ** 2;
        if (far < best) [best, at] = [far, j];
      }
      ctx.moveTo(px(fake[i]), py(fake[i + 1]));
      ctx.lineTo(px(data[at]), py(data[at + 1]));
    }
    ctx.strokeStyle = ctx.fillStyle = theme.role("data");
    ctx.lineWidth = PLANE.nearest * theme.u;
    ctx.stroke();
    if (data.length > 2 * PLANE.few) return;
    // Few points are drawn over the generated samples that crowd around them.
    const r = (PLANE.few_size / 2) * theme.u;
    ctx.beginPath();
    for (let j = 0; j < data.length; j += 2) {
      ctx.moveTo(px(data[j]) + r, py(data[j + 1]));
      ctx.arc(px(data[j]), py(data[j + 1]), r, 0, 2 * Math.PI);
    }
    ctx.fill();
  }

  /**
   * Samples of the average of G's weights: small crosses.
   * @param {Context} ctx
   * @param {NumberArray} points
   */
  function drawAverage(ctx, points) {
    const r = (PLANE.average / 2) * theme.u;
    ctx.strokeStyle = theme.role("G");
    ctx.lineWidth = PLANE.average_line * theme.u;
    ctx.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [px(points[i]), py(points[i + 1])];
      ctx.moveTo(x - r, y);
      ctx.lineTo(x + r, y);
      ctx.moveTo(x, y - r);
      ctx.lineTo(x, y + r);
    }
    ctx.stroke();
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} points
   * @param {number} from
   * @param {number} step
   * @param {number} count
   */
  function thread(ctx, points, from, step, count) {
    let [x, y] = [0, 0];
    for (let i = 0, k = from; i < count; i++, k += step) {
      const [nextX, nextY] = [px(points[k]), py(points[k + 1])];
      if (i > 0 && i < count - 1 && Math.abs(nextX - x) < NEAR && Math.abs(nextY - y) < NEAR) continue;
      [x, y] = [nextX, nextY];
      if (i === 0) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    }
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} points
   * @param {number[]} shape of one line or grid, or of one for each label
   */
  function drawManifold(ctx, points, shape) {
    const labels = shape.length === 4 ? shape[0] : 0;
    const [u, v] = labels ? shape.slice(1) : shape.length === 3 ? shape : [1, shape[0]];
    for (let k = 0; k < Math.max(labels, 1); k++) {
      const from = 2 * k * u * v;
      ctx.beginPath();
      for (let i = 0; i < u; i++) thread(ctx, points, from + 2 * i * v, 2, v);
      if (u > 1) for (let j = 0; j < v; j++) thread(ctx, points, from + 2 * j, 2 * v, u);
      const colour = labels ? theme.labels[k % theme.labels.length] : theme.rgb.G;
      ctx.strokeStyle = alpha(colour, u > 1 ? PLANE.grid_alpha : PLANE.curve_alpha);
      ctx.lineWidth = u > 1 ? PLANE.grid : PLANE.curve * theme.u;
      ctx.stroke();
    }
  }

  /**
   * Lines between cells of different classes.
   *
   * @param {Context} ctx
   * @param {NumberArray} classes rows of constant y
   * @param {number[]} shape
   * @param {string} colour
   * @param {boolean} dashed every second line only
   */
  function drawRegions(ctx, classes, [rows, columns], colour, dashed) {
    const [w, h] = [g.w / columns, g.h / rows];
    ctx.beginPath();
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++) {
        if (dashed && (i + j) % 2) continue;
        const of = classes[j * columns + i];
        const [x, y] = [g.left + (i + 1) * w, g.bottom - (j + 1) * h];
        if (i + 1 < columns && classes[j * columns + i + 1] !== of) {
          ctx.moveTo(x, y);
          ctx.lineTo(x, y + h);
        }
        if (j + 1 < rows && classes[(j + 1) * columns + i] !== of) {
          ctx.moveTo(x - w, y);
          ctx.lineTo(x, y);
        }
      }
    }
    ctx.strokeStyle = colour;
    ctx.lineWidth = PLANE.region * theme.u;
    ctx.stroke();
  }

  /**
   * Arrows from some x to G(E(x)).
   *
   * @param {Context} ctx
   * @param {NumberArray} from
   * @param {NumberArray} to
   */
  function drawCycle(ctx, from, to) {
    const r = (PLANE.cycle_dot / 2) * theme.u;
    ctx.strokeStyle = ctx.fillStyle = theme.role("data");
    ctx.beginPath();
    for (let i = 0; i < from.length; i += 2) {
      ctx.moveTo(px(from[i]) + r, py(from[i + 1]));
      ctx.arc(px(from[i]), py(from[i + 1]), r, 0, 2 * Math.PI);
    }
    ctx.fill();
    ctx.beginPath();
    for (let i = 0; i < from.length; i += 2) {
      const ends = [px(from[i]), py(from[i + 1]), px(to[i]), py(to[i + 1])];
      if (Math.hypot(ends[2] - ends[0], ends[3] - ends[1]) > r) arrow(ctx, ends[0], ends[1], ends[2], ends[3], 5 * theme.u);
    }
    ctx.lineWidth = PLANE.cycle * theme.u;
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
    for (let i = 0; i < where.length; i += 2) {
      if (!(g.scale * Math.hypot(grad[i], grad[i + 1]) > SHORTEST)) continue;
      const [a, b] = [where[i], where[i + 1]];
      arrow(ctx, px(a), py(b), px(a + grad[i]), py(b + grad[i + 1]), 5 * theme.u);
    }
    ctx.strokeStyle = theme.role("accent");
    ctx.lineWidth = PLANE.gradient * theme.u;
    ctx.stroke();
  }

  return {
    resize(width, height, newTheme, newHidden) {
      [theme, hidden] = [newTheme, newHidden];
      g = placePlane(scene.box, width, height, theme.u);
      layStill();
      bare = true;
    },
    draw(ctx, frame) {
      const { a, shape } = frame ?? NOTHING;
      if (bare) drawAxes(ctx);
      bare = false;
      ctx.save();
      // In whole pixels, so that no pixels of a previous frame stay at the rectangle's edge.
      ctx.resetTransform();
      ctx.beginPath();
      ctx.rect(box.x, box.y, box.w, box.h);
      ctx.clip();
      ctx.imageSmoothingEnabled = false;
      if (a.d && on("d")) {
        drawField(ctx, a.d, shape.d, theme.field, box);
        if (a.d_none) hatch(ctx, theme, a.d_none, shape.d, box, box.ratio);
      } else {
        ctx.fillStyle = theme.back;
        ctx.fillRect(box.x, box.y, box.w, box.h);
      }
      // G's dots are drawn before its lines, which have the same colour and do not show on the dots.
      drawFake(ctx, on("fake") ? a.fake : null, a.fake_label);
      ctx.setTransform(box.ratio, 0, 0, box.ratio, 0, 0);
      ctx.lineJoin = "round";
      if (a.fake && scene.a.real && knows("nearest") && on("nearest")) drawNearest(ctx, a.fake, scene.a.real);
      if (a.average && on("average")) drawAverage(ctx, a.average);
      if (a.manifold && on("manifold")) drawManifold(ctx, a.manifold, shape.manifold);
      if (a.cycle_from && a.cycle_to && on("cycle")) drawCycle(ctx, a.cycle_from, a.cycle_to);
      if (a.grad_x && a.grad && on("gradient")) drawGradient(ctx, a.grad_x, a.grad);
      if (a.regions_alone && on("regions_alone")) drawRegions(ctx, a.regions_alone, shape.regions_alone, theme.role("data"), true);
      if (a.regions && on("regions")) drawRegions(ctx, a.regions, shape.regions, theme.role("D"), false);
      const { few, few_label: fewLabel } = scene.a;
      if (few && on("labels")) labelMarks(ctx, theme, fewLabel.length, (i) => [px(few[2 * i]), py(few[2 * i + 1])], fewLabel);
      const marks = scene.a.label_at;
      if (marks && on("labels")) labelMarks(ctx, theme, marks.length / 2, (k) => {
        const aside = SIZES.label * theme.u;
        return [px(marks[2 * k]) + aside, py(marks[2 * k + 1]) - aside];
      });
      const place = { x: g.left, y: g.top, w: g.w, h: g.bottom - g.top };
      if (scene.units?.length) axisNames(ctx, theme, scene.units, place);
      if (frame) drawNotices(ctx, theme, frame, place, on("fake"), on("d"));
      ctx.restore();
    },
  };
}
