// An explained iteration over the 2-D picture: samples in the plane, z in a corner, D's field and its contour.

import { alpha } from "./theme.js";
import { contour } from "./contour.js";
import { placePlane } from "./draw2d.js";
import { apart, colourOf, DIM, dot, drawn, ease, enlargement, fieldOf, inTurn, label, own, pushes } from "./explain_draw.js";
import { enlarger } from "./pixels.js";
import { density, resize } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").NumberArray} NumberArray */
/** @typedef {import("./types.js").Parts} Parts */
/** @typedef {import("./types.js").Part} Part */

const WHOLE = 32767; // D = 1
const CHANGE = 0.25 * WHOLE; // the largest change of D's field, enlarged
const MOVE = 0.12; // of the width: the largest move of a sample, enlarged
const LONGEST = 22; // px of an arrow of D's gradient, at text scale 1
const CORNER = 0.24; // of the width: the box of z
const VEIL = 0.35; // opacity of the veil over a field that is explained

/**
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").PartsPicture}
 */
export function planeParts(scene) {
  const [[xLow, xHigh], [yLow]] = scene.box;
  const drawField = enlarger();
  /** @type {ReturnType<typeof placePlane>} */
  let g;
  /** @type {import("./types.js").Theme} */
  let theme;
  let [width, height] = [0, 0];
  const px = (/** @type {number} */ v) => g.left + (v - xLow) * g.scale;
  const py = (/** @type {number} */ v) => g.bottom - (v - yLow) * g.scale;

  const say = (/** @type {CanvasRenderingContext2D} */ ctx, /** @type {string[]} */ words, /** @type {string} */ role) =>
    label(ctx, theme, words, g.left + 8 * theme.u, g.top + 14 * theme.u, role, g.w - 16 * theme.u);

  /**
   * A field of D, of which changes may be enlarged.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {number[]} shape
   * @param {(i: number) => number} value
   */
  function field(ctx, shape, value) {
    const ratio = density();
    const bytes = Uint8Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.min(255, Math.max(0, (255 * value(i)) / WHOLE)));
    ctx.save();
    ctx.resetTransform();
    ctx.imageSmoothingEnabled = false;
    drawField(ctx, bytes, shape, theme.field, { x: Math.round(g.left * ratio), y: Math.round(g.top * ratio), w: Math.round(g.w * ratio), h: Math.round(g.h * ratio) });
    ctx.restore();
    veil(ctx, VEIL);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number} strength
   */
  function veil(ctx, strength) {
    ctx.globalAlpha = strength;
    ctx.fillStyle = theme.back;
    ctx.fillRect(g.left, g.top, g.w, g.h);
    ctx.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {number[]} shape
   * @param {(i: number) => number} value
   * @param {number} level
   * @param {{dash?: number[], weight: number, strength?: number}} how
   */
  function line(ctx, [rows, columns], value, level, { dash = [], weight, strength = 1 }) {
    const cuts = contour(value, rows, columns, level);
    ctx.beginPath();
    for (let i = 0; i < cuts.length; i += 4) {
      ctx.moveTo(g.left + (cuts[i] / columns) * g.w, g.bottom - (cuts[i + 1] / rows) * g.h);
      ctx.lineTo(g.left + (cuts[i + 2] / columns) * g.w, g.bottom - (cuts[i + 3] / rows) * g.h);
    }
    ctx.setLineDash(dash.map((v) => v * theme.u));
    ctx.strokeStyle = alpha(theme.rgb.D, strength);
    ctx.lineWidth = weight * theme.u;
    ctx.lineCap = "round";
    ctx.stroke();
    ctx.lineCap = "butt";
    ctx.setLineDash([]);
  }

  /**
   * The level of the contour: ½ if D crosses it, else the middle of D's values; and its name.
   *
   * @param {NumberArray} values
   * @returns {[level: number, name: string]}
   */
  function levelOf(values) {
    let [low, high] = [Infinity, -Infinity];
    for (const v of values) [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (low < WHOLE / 2 && high > WHOLE / 2) return [WHOLE / 2, "½"];
    const level = (low + high) / 2;
    return [level, (level / WHOLE).toPrecision(2)];
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {NumberArray} points
   * @param {string} role
   * @param {(i: number) => number} grown
   * @param {NumberArray} [ds] D's values, which colour the points
   */
  function dots(ctx, points, role, grown, ds) {
    for (let i = 0; 2 * i < points.length; i++) {
      const strength = grown(i);
      if (strength > 0) dot(ctx, theme, role, px(points[2 * i]), py(points[2 * i + 1]), { strength, fill: ds && colourOf(theme, ds[i]) });
    }
  }

  /**
   * z in its box, from which each runs to G(z).
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {Parts} message
   * @param {Part} part
   * @param {number} t
   */
  function drawMake(ctx, message, part, t) {
    const { z, fake } = own(message, part);
    const u = theme.u;
    const side = CORNER * Math.min(g.w, g.h);
    const [left, top] = [g.left + 10 * u, g.bottom - 10 * u - side];
    const columns = message.latent_dim > 1 ? 2 : 1;
    const { lo, hi } = scene.latent;
    const place = (/** @type {number} */ v) => Math.min(1, Math.max(0, (v - lo) / (hi - lo)));
    ctx.fillStyle = theme.back;
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = 1;
    ctx.fillRect(left, top, side, side);
    ctx.strokeRect(left, top, side, side);
    const n = fake.length / 2;
    const start = (/** @type {number} */ i) => [
      left + side * place(z[columns * i]),
      columns > 1 ? top + side * (1 - place(z[2 * i + 1])) : top + side / 2,
    ];
    ctx.beginPath();
    for (let i = 0; i < n; i++) {
      const part = inTurn(t, i, n);
      const [x, y] = start(i);
      ctx.moveTo(x, y);
      ctx.lineTo(x + (px(fake[2 * i]) - x) * part, y + (py(fake[2 * i + 1]) - y) * part);
    }
    ctx.strokeStyle = alpha(theme.rgb.G, 0.35);
    ctx.lineWidth = u;
    ctx.stroke();
    for (let i = 0; i < n; i++) {
      const part = inTurn(t, i, n);
      const [x, y] = start(i);
      ctx.fillStyle = theme.role("G");
      ctx.fillRect(x - 1.5 * u, y - 1.5 * u, 3 * u, 3 * u);
      if (part > 0) dot(ctx, theme, "G", x + (px(fake[2 * i]) - x) * part, y + (py(fake[2 * i + 1]) - y) * part);
    }
    const of = message.latent_dim > 2 ? _("z: 2 of {latent_dim} dimensions", { latent_dim: message.latent_dim }) : "z";
    label(ctx, theme, [of], left, top - 12 * u, "G", g.w);
  }

  /**
   * D's answers to both kinds, its gradient at each sample, and the move of its contour.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {Parts} message
   * @param {Part} part
   * @param {{show: number, pull: number, move: number}} now
   */
  function drawD(ctx, message, part, { show, pull, move }) {
    const a = own(message, part);
    const shape = message.shape.d.slice(1);
    const [before, after] = [fieldOf(message, part.d), fieldOf(message, part.d_after)];
    const factor = enlargement(apart(before, after), CHANGE);
    const value = (/** @type {number} */ i) => before[i] + (after[i] - before[i]) * factor * move;
    field(ctx, shape, value);
    const [level, name] = levelOf(before);
    line(ctx, shape, (i) => before[i], level, { dash: [3, 4], weight: 1.6 });
    if (move > 0) line(ctx, shape, value, level, { weight: 3 });
    for (const [points, role, ds] of /** @type {[NumberArray, string, NumberArray][]} */ ([[a.real, "data", a.d_real], [a.fake, "G", a.d_fake]])) {
      if (show < 1) dots(ctx, points, role, () => 1);
      dots(ctx, points, role, (i) => inTurn(show, i, ds.length), ds);
    }
    if (pull > 0) {
      for (const [points, push] of [[a.real, a.push_real], [a.fake, a.push_fake]]) {
        const at = (/** @type {number} */ i) => /** @type {const} */ ([px(points[2 * i]), py(points[2 * i + 1])]);
        const up = (/** @type {number} */ i) => push[i] * LONGEST * theme.u * pull;
        pushes(ctx, theme, points.length / 2, (i) => [...at(i), at(i)[0], at(i)[1] - up(i)], 1.8, 5);
      }
    }
    const words = move > 0 ? [_("D = {name} before (dashes) and after", { name }), drawn("change", factor)] : [_("dashes: D = {name}", { name })];
    say(ctx, words, "D");
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {Parts} message
   * @param {Part} part
   * @param {number} t
   */
  function drawAhead(ctx, message, part, t) {
    const shape = message.shape.d.slice(1);
    const now = fieldOf(message, part.d);
    const [level, name] = levelOf(now);
    field(ctx, shape, (i) => now[i]);
    dots(ctx, own(message, part).fake, "G", () => 0.5);
    line(ctx, shape, (i) => now[i], level, { weight: 2.6 });
    const steps = part.ahead ?? [];
    const factor = enlargement(apart(now, fieldOf(message, steps.at(-1))), CHANGE);
    steps.forEach((index, k) => {
      const seen = ease(t, k / steps.length, (k + 1) / steps.length);
      const values = fieldOf(message, index);
      if (seen > 0) line(ctx, shape, (i) => now[i] + (values[i] - now[i]) * factor, level, { dash: [1, 4], weight: k + 1 === steps.length ? 2.6 : 1.6, strength: seen * (0.4 + (0.6 * (k + 1)) / steps.length) });
    });
    const words = [_("line: D = {name} now", { name }), _("dots: after steps that it would take"), drawn("change", factor)];
    say(ctx, words, "D");
  }

  /**
   * D's slopes at the generated samples, and their moves.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {Parts} message
   * @param {Part} part
   * @param {{show: number, slope: number, move: number}} now
   */
  function drawG(ctx, message, part, { show, slope, move }) {
    const { fake, push, moved } = own(message, part);
    const d = fieldOf(message, part.d);
    field(ctx, message.shape.d.slice(1), (i) => d[i]);
    let most = 0;
    for (let i = 0; i < fake.length; i += 2) most = Math.max(most, Math.hypot(moved[i] - fake[i], moved[i + 1] - fake[i + 1]) || 0);
    const factor = enlargement(most / (xHigh - xLow), MOVE);
    const to = (/** @type {number} */ i) => fake[i] + (moved[i] - fake[i]) * factor * move;
    const at = Float32Array.from(fake, (_, i) => to(i));
    if (move > 0) {
      ctx.beginPath();
      for (let i = 0; i < fake.length; i += 2) {
        ctx.moveTo(px(fake[i]), py(fake[i + 1]));
        ctx.lineTo(px(at[i]), py(at[i + 1]));
      }
      ctx.strokeStyle = theme.role("G");
      ctx.lineWidth = 1.5 * theme.u;
      ctx.stroke();
      for (let i = 0; i < fake.length; i += 2) dot(ctx, theme, "G", px(fake[i]), py(fake[i + 1]), { hollow: true, strength: 0.6 });
    }
    dots(ctx, at, "G", () => show);
    if (slope > 0 && move === 0) {
      const x = (/** @type {number} */ i, to = 0) => px(fake[2 * i] + push[2 * i] * to);
      const y = (/** @type {number} */ i, to = 0) => py(fake[2 * i + 1] + push[2 * i + 1] * to);
      pushes(ctx, theme, fake.length / 2, (i) => [x(i), y(i), x(i, slope), y(i, slope)], 2, 6);
    }
    if (move > 0) say(ctx, [drawn("moves", factor)], "G");
  }

  return {
    resize(newWidth, newHeight, newTheme) {
      [width, height, theme] = [newWidth, newHeight, newTheme];
      g = placePlane(scene.box, width, height, theme.u);
    },
    draw(ctx, message, index, t) {
      resize(ctx, width, height);
      ctx.clearRect(0, 0, width, height);
      const part = message?.parts[index];
      if (!message || !part) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(g.left, g.top, g.w, g.h);
      ctx.clip();
      ctx.lineJoin = "round";
      veil(ctx, DIM);
      const a = own(message, part);
      if (part.kind === "data") dots(ctx, a.real, "data", (i) => inTurn(t, i, a.real.length / 2));
      else if (part.kind === "make" || part.kind === "g_make") {
        if (part.kind === "make") dots(ctx, a.real, "data", () => 0.35);
        drawMake(ctx, message, part, t);
      } else if (part.kind === "judge") drawD(ctx, message, part, { show: ease(t, 0, 0.6), pull: 0, move: 0 });
      else if (part.kind === "d") drawD(ctx, message, part, { show: 1, pull: ease(t, 0, 0.35) * (1 - ease(t, 0.85, 1) / 2), move: ease(t, 0.45, 1) });
      else if (part.kind === "d_again") drawD(ctx, message, part, { show: ease(t, 0, 0.3), pull: ease(t, 0.3, 0.5), move: ease(t, 0.55, 1) });
      else if (part.kind === "ahead") drawAhead(ctx, message, part, t);
      else if (part.kind === "slope") drawG(ctx, message, part, { show: 1, slope: ease(t), move: 0 });
      else if (part.kind === "g") drawG(ctx, message, part, { show: 1, slope: 1, move: ease(t) });
      else drawG(ctx, message, part, { show: ease(t, 0, 0.2), slope: ease(t, 0.2, 0.5), move: t < 0.5 ? 0 : ease(t, 0.5, 1) });
      ctx.restore();
    },
  };
}
