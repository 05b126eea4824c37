// An explained iteration over the 1-D picture: samples on the line of x, z below it, D's curve above.

import { alpha } from "./theme.js";
import { LINE } from "./tokens.js";
import { placeLine } from "./draw1d.js";
import { apart, colourOf, DIM, dot, drawn, ease, enlargement, fieldOf, inTurn, label, own, pushes } from "./explain_draw.js";
import { arrow, resize, trace } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").NumberArray} NumberArray */

const LONGEST = 0.16; // of the height: an arrow of D's gradient
const CHANGE = 0.14; // of the height: the largest change of D's curve, enlarged
const MOVE = 0.08; // of the width: the largest move of a sample, enlarged

/**
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").PartsPicture}
 */
export function lineParts(scene) {
  const { x, p_data: pData } = scene.a;
  const [low, high] = scene.box[0];
  let highest = 1e-9;
  for (const v of pData) if (v > highest) highest = v;
  const top = LINE.top * highest;
  /** @type {ReturnType<typeof placeLine>} */
  let g;
  /** @type {import("./types.js").Theme} */
  let theme;
  let [width, height] = [0, 0];
  const px = (/** @type {number} */ v) => g.left + ((v - low) / (high - low)) * g.w;
  const pz = (/** @type {number} */ v) => g.left + ((v - scene.latent.lo) / (scene.latent.hi - scene.latent.lo)) * g.w;
  const py = (/** @type {number} */ v) => g.base - (v / top) * g.h;
  const pd = (/** @type {number} */ v) => g.base - v * g.h;

  const say = (/** @type {CanvasRenderingContext2D} */ ctx, /** @type {string[]} */ words, /** @type {string} */ role) =>
    label(ctx, theme, words, g.left + 8 * theme.u, g.head + 12 * theme.u, role, g.w - 16 * theme.u);

  /**
   * The value of a curve at v.
   *
   * @param {NumberArray} curve
   * @param {number} v
   */
  function at(curve, v) {
    const where = Math.min(x.length - 1, Math.max(0, ((v - low) / (high - low)) * x.length - 0.5));
    const i = Math.min(x.length - 2, Math.floor(where));
    return curve[i] + (curve[i + 1] - curve[i]) * (where - i);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {(i: number) => number} value
   * @param {{dash?: number[], weight?: number, strength?: number}} [how]
   */
  function curve(ctx, value, { dash = LINE.d_dash, weight = LINE.d, strength = 1 } = {}) {
    ctx.beginPath();
    trace(ctx, x.length, (i) => px(x[i]), (i) => pd(value(i)));
    ctx.strokeStyle = alpha(theme.rgb.D, strength);
    ctx.lineWidth = weight * theme.u;
    ctx.setLineDash(dash.map((v) => v * theme.u));
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {NumberArray} z
   * @param {(i: number) => number} to
   * @param {(i: number) => number} grown
   */
  function threads(ctx, z, to, grown) {
    if (!scene.map) return;
    ctx.beginPath();
    for (let i = 0; i < z.length; i++) {
      const [x0, x1, part] = [pz(z[i]), px(to(i)), grown(i)];
      if (part > 0) arrow(ctx, x0, g.zLine, x0 + (x1 - x0) * part, g.zLine + (g.xLine - g.zLine) * part, 5 * theme.u);
    }
    ctx.strokeStyle = alpha(theme.rgb.G, 0.7);
    ctx.lineWidth = 1.2 * theme.u;
    ctx.stroke();
  }

  /**
   * Data falls from its density to the line of x.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {NumberArray} real
   * @param {number} t
   */
  function drawData(ctx, real, t) {
    ctx.beginPath();
    trace(ctx, x.length, (i) => px(x[i]), (i) => py(pData[i]));
    ctx.lineCap = "round";
    ctx.setLineDash([0.1, 5 * theme.u]);
    ctx.strokeStyle = theme.role("data");
    ctx.lineWidth = LINE.p_data * theme.u;
    ctx.stroke();
    ctx.setLineDash([]);
    for (let i = 0; i < real.length; i++) {
      const part = inTurn(t, i, real.length);
      if (part === 0) continue;
      const from = py(at(pData, real[i]));
      dot(ctx, theme, "data", px(real[i]), from + (g.xLine - from) * part * part);
    }
  }

  /**
   * z runs through G to the line of x.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./types.js").Arrays} a
   * @param {number} t
   */
  function drawMake(ctx, { z, fake }, t) {
    threads(ctx, z, (i) => fake[i], (i) => inTurn(t, i, fake.length));
    for (let i = 0; i < fake.length; i++) {
      const part = inTurn(t, i, fake.length);
      if (part === 0) continue;
      const from = scene.map ? pz(z[i]) : px(fake[i]);
      dot(ctx, theme, "G", from + (px(fake[i]) - from) * part, g.zLine + (g.xLine - g.zLine) * part);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {NumberArray} values
   * @param {string} role
   * @param {NumberArray} ds
   * @param {(i: number) => number} to
   */
  function judged(ctx, values, role, ds, to) {
    for (let i = 0; i < values.length; i++) {
      dot(ctx, theme, role, px(values[i]), to(i), { fill: colourOf(theme, ds[i]) });
    }
  }

  /**
   * Both kinds rise to D's values, are pulled, and D's curve moves.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./types.js").Parts} message
   * @param {import("./types.js").Part} part
   * @param {{rise: number, pull: number, move: number}} now
   */
  function drawD(ctx, message, part, { rise, pull, move }) {
    const a = own(message, part);
    const [before, after] = [fieldOf(message, part.d), fieldOf(message, part.d_after)];
    const factor = enlargement(apart(before, after), CHANGE);
    const changed = (/** @type {number} */ from, /** @type {number} */ to) => from + (to - from) * factor * move;
    if (move > 0) curve(ctx, (i) => before[i], { weight: 1.3, strength: 0.55, dash: [] });
    curve(ctx, (i) => changed(before[i], after[i]));
    for (const [role, where, ds, push] of /** @type {[string, NumberArray, NumberArray, NumberArray][]} */ ([
      ["data", a.real, a.d_real, a.push_real],
      ["G", a.fake, a.d_fake, a.push_fake],
    ])) {
      const height = (/** @type {number} */ i) => {
        const shift = move > 0 ? changed(at(before, where[i]), at(after, where[i])) - at(before, where[i]) : 0;
        return g.xLine + (pd(ds[i] + shift) - g.xLine) * rise;
      };
      judged(ctx, where, role, ds, height);
      if (pull === 0) continue;
      const up = (/** @type {number} */ i) => push[i] * LONGEST * g.h * pull;
      pushes(ctx, theme, where.length, (i) => [px(where[i]), height(i), px(where[i]), height(i) - up(i)], 1.6, 5);
    }
    if (move > 0) say(ctx, [drawn("change", factor)], "D");
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./types.js").Parts} message
   * @param {import("./types.js").Part} part
   * @param {number} t
   */
  function drawAhead(ctx, message, part, t) {
    const { fake } = own(message, part);
    for (let i = 0; i < fake.length; i++) dot(ctx, theme, "G", px(fake[i]), g.xLine, { strength: 0.5 });
    const steps = part.ahead ?? [];
    const now = fieldOf(message, part.d);
    const factor = enlargement(apart(now, fieldOf(message, steps.at(-1))), CHANGE);
    curve(ctx, (i) => now[i]);
    steps.forEach((index, k) => {
      const seen = ease(t, k / steps.length, (k + 1) / steps.length);
      const values = fieldOf(message, index);
      if (seen > 0) curve(ctx, (i) => now[i] + (values[i] - now[i]) * factor, { dash: [2, 3], weight: k + 1 === steps.length ? 2.4 : 1.2, strength: seen * (0.4 + (0.6 * (k + 1)) / steps.length) });
    });
    const words = [_("dashes: D now"), _("dots: after steps that it would take"), drawn("change", factor)];
    say(ctx, words, "D");
  }

  /**
   * The slopes at the generated samples, which stand on D's curve, and then their moves on the line of x.
   *
   * @param {CanvasRenderingContext2D} ctx
   * @param {import("./types.js").Parts} message
   * @param {import("./types.js").Part} part
   * @param {{show: number, slope: number, move: number}} now
   */
  function drawG(ctx, message, part, { show, slope, move }) {
    const { z, fake, push, moved } = own(message, part);
    const d = fieldOf(message, part.d);
    const factor = enlargement(apart(fake, moved) / (high - low), MOVE);
    const to = (/** @type {number} */ i) => fake[i] + (moved[i] - fake[i]) * factor * move;
    const y = (/** @type {number} */ i) => (move > 0 ? g.xLine : g.xLine + (pd(at(d, fake[i])) - g.xLine) * show);
    curve(ctx, (i) => d[i], { strength: move > 0 ? 0.4 : 1 });
    if (move > 0) threads(ctx, z, to, () => 1);
    for (let i = 0; i < fake.length; i++) {
      if (move > 0) dot(ctx, theme, "G", px(fake[i]), g.xLine, { hollow: true, strength: 0.6 });
      dot(ctx, theme, "G", px(to(i)), y(i), { strength: move > 0 ? 1 : 0.9 });
    }
    if (slope > 0 && move === 0) {
      pushes(ctx, theme, fake.length, (i) => [px(fake[i]), y(i), px(fake[i] + push[i] * slope), y(i)], 1.8, 6);
    }
    if (move > 0) say(ctx, [drawn("moves", factor)], "G");
  }

  return {
    resize(newWidth, newHeight, newTheme) {
      [width, height, theme] = [newWidth, newHeight, newTheme];
      g = placeLine(width, height, theme.u);
    },
    draw(ctx, message, index, t) {
      resize(ctx, width, height);
      ctx.clearRect(0, 0, width, height);
      const part = message?.parts[index];
      if (!message || !part) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(g.left - 6, g.head - 3, g.w + 12, height - g.head + 3);
      ctx.clip();
      ctx.globalAlpha = DIM;
      ctx.fillStyle = theme.back;
      ctx.fillRect(g.left, g.head - 3, g.w, height);
      ctx.globalAlpha = 1;
      ctx.strokeStyle = theme.line;
      ctx.lineWidth = 1;
      ctx.strokeRect(g.left, g.xLine, g.w, 0);
      ctx.lineJoin = "round";
      const a = own(message, part);
      const whole = { rise: 1, pull: 0, move: 0 };
      if (part.kind === "data") drawData(ctx, a.real, t);
      else if (part.kind === "make" || part.kind === "g_make") {
        if (a.real && part.kind === "make") for (const v of a.real) dot(ctx, theme, "data", px(v), g.xLine, { strength: 0.35 });
        drawMake(ctx, a, t);
      } else if (part.kind === "judge") drawD(ctx, message, part, { ...whole, rise: ease(t) });
      else if (part.kind === "d") drawD(ctx, message, part, { rise: 1, pull: ease(t, 0, 0.3) * (1 - ease(t, 0.85, 1) / 2), move: ease(t, 0.45, 1) });
      else if (part.kind === "d_again") drawD(ctx, message, part, { rise: ease(t, 0, 0.3), pull: ease(t, 0.3, 0.5), move: ease(t, 0.55, 1) });
      else if (part.kind === "ahead") drawAhead(ctx, message, part, t);
      else if (part.kind === "slope") drawG(ctx, message, part, { show: ease(t, 0, 0.5), slope: ease(t, 0.5, 1), move: 0 });
      else if (part.kind === "g") drawG(ctx, message, part, { show: 1, slope: 1, move: ease(t) });
      else drawG(ctx, message, part, { show: ease(t, 0, 0.2), slope: ease(t, 0.2, 0.5), move: t < 0.5 ? 0 : ease(t, 0.5, 1) });
      ctx.restore();
    },
  };
}
