// The picture of symbols: a bar of p_g for each string, a dotted line at p_data, marks of D and D*.

import { alpha } from "./theme.js";
import { LINE, SIZES } from "./tokens.js";
import { flood, font, named, ticks } from "./plot.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").NumberArray} NumberArray */

/** @type {[number, string][]} */
const HALVES = [[0, "0"], [0.5, "½"], [1, "1"]];
const LETTER = 7.4; // px: the width of a letter in an upright name
const NAME = 22; // px: the height of a row of letters
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;

/**
 * The rectangle of the bars in whole pixels; below it are the names of strings, which are upright if they are long.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} u the text scale
 * @param {number} positions of a string
 */
function placeSymbols(width, height, u, positions) {
  const left = Math.round(LINE.left * u);
  const head = Math.round(LINE.head * u);
  const base = Math.round(height - (positions === 1 ? NAME : 12 + LETTER * positions) * u);
  return { left, w: width - left - Math.round(LINE.right * u), head, base, h: base - head };
}

/**
 * String number `index` of all strings of a scene's letters, the last position fastest.
 *
 * @param {NumberArray} letters code points
 * @param {number} positions
 * @param {number} index
 */
export function nameOf(letters, positions, index) {
  let text = "";
  let rest = index;
  for (let i = 0; i < positions; i++) {
    text = String.fromCodePoint(letters[rest % letters.length]) + text;
    rest = Math.floor(rest / letters.length);
  }
  return text;
}

/** @param {import("./types.js").Scene} scene */
export function positionsOf(scene) {
  return Math.round(Math.log(scene.a.p_data.length) / Math.log(scene.a.letters.length));
}

/**
 * A picture of one scene: resize(...) lays it out, draw(...) draws one frame.
 *
 * @param {import("./types.js").Scene} scene
 * @returns {import("./types.js").Picture}
 */
export function pictureSymbols(scene) {
  const { p_data: pData, valid, letters } = scene.a;
  const positions = positionsOf(scene);
  let highest = 1e-9;
  for (const v of pData) if (v > highest) highest = v;
  const top = Math.min(1, LINE.top * highest);
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {Set<string>} */
  let hidden;
  let [width, height] = [0, 0];
  /** @type {ReturnType<typeof placeSymbols>} */
  let g;
  const on = (/** @type {string} */ layer) => !hidden.has(layer);
  const py = (/** @type {number} */ v) => g.base - (Math.min(v, top * 1.02) / top) * g.h;
  const pd = (/** @type {number} */ v) => g.base - v * g.h;

  /** @param {Context} ctx */
  function drawAxes(ctx) {
    const u = theme.u;
    const end = g.left + g.w;
    ctx.lineWidth = 1;
    ctx.strokeStyle = theme.line;
    ctx.strokeRect(g.left + 0.5, g.head + 0.5, 0, g.h);
    ctx.strokeRect(g.left + 0.5, g.base + 0.5, g.w, 0);
    ctx.strokeStyle = alpha(theme.rgb.D, LINE.d_axis_alpha);
    ctx.strokeRect(end + 0.5, g.head + 0.5, 0, g.h);
    ctx.strokeStyle = alpha(theme.rgb.D, LINE.d_half_alpha);
    ctx.strokeRect(g.left + 0.5, Math.round(pd(0.5)) + 0.5, g.w, 0);
    ctx.font = font(theme, SIZES.axis);
    ctx.textBaseline = "middle";
    ctx.textAlign = "right";
    ctx.fillStyle = theme.muted;
    for (const [t, text] of named(ticks(0, top, 4))) ctx.fillText(text, g.left - 7 * u, py(t));
    ctx.textAlign = "left";
    ctx.fillStyle = theme.role("D");
    for (const [value, name] of HALVES) ctx.fillText(name, end + 7 * u, pd(value));
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "right";
    ctx.fillText("D(x)", width - 2, g.head - 12 * u);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.muted;
    ctx.fillText(_("probability"), 2, g.head - 12 * u);
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} index
   * @param {number} step
   */
  function drawNames(ctx, index, step) {
    const u = theme.u;
    ctx.textBaseline = "middle";
    ctx.font = font(theme, SIZES.axis);
    // As large as fits side by side; names that would be too small are upright.
    const widest = index.length ? ctx.measureText(nameOf(letters, positions, index[0])).width : 0;
    const level = Math.min(SIZES.axis, (SIZES.axis * (step - 3 * u)) / Math.max(1, widest));
    const lies = positions === 1 || level >= 8.5;
    ctx.font = font(theme, positions === 1 ? Math.min(SIZES.axis, Math.max(8, step / u)) : lies ? level : Math.min(SIZES.axis, Math.max(8, step / u)));
    for (let i = 0; i < index.length; i++) {
      const x = g.left + step * (i + 0.5);
      const text = nameOf(letters, positions, index[i]);
      ctx.fillStyle = valid[index[i]] ? theme.text : theme.muted;
      if (lies) {
        ctx.textAlign = "center";
        ctx.fillText(text, x, g.base + 12 * u);
        continue;
      }
      ctx.save();
      ctx.translate(x, g.base + 6 * u);
      ctx.rotate(-Math.PI / 2);
      ctx.textAlign = "right";
      ctx.fillText(text, 0, 0);
      ctx.restore();
    }
  }

  /**
   * A horizontal mark for each string, at y(i).
   *
   * @param {Context} ctx
   * @param {number} count
   * @param {number} step
   * @param {number} wide
   * @param {(i: number) => number} y
   */
  function marks(ctx, count, step, wide, y) {
    ctx.beginPath();
    for (let i = 0; i < count; i++) {
      const at = y(i);
      if (!Number.isFinite(at)) continue;
      const x = g.left + step * (i + 0.5);
      ctx.moveTo(x - wide / 2, at);
      ctx.lineTo(x + wide / 2, at);
    }
    ctx.stroke();
  }

  /**
   * @param {Context} ctx
   * @param {NumberArray} rest mass of p_g that is not shown, and on valid strings
   */
  function drawShares(ctx, [unseen, share]) {
    const u = theme.u;
    const words = [_("{share} of p_g valid", { share: percent(share) })];
    if (unseen >= 0.005) words.push(_("{unseen} on strings not shown", { unseen: percent(unseen) }));
    ctx.font = font(theme, SIZES.note, 600);
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "center";
    ctx.fillStyle = theme.ink("G");
    ctx.fillText(words.join(", "), g.left + g.w / 2, g.head - 12 * u, g.w - 150 * u);
  }

  return {
    resize(w, h, newTheme, newHidden) {
      [width, height, theme, hidden] = [w, h, newTheme, newHidden];
      g = placeSymbols(width, height, theme.u, positions);
    },
    draw(ctx, frame) {
      flood(ctx, theme.back);
      drawAxes(ctx);
      const index = frame?.a.index ?? pData.map((_, i) => i).slice(0, 64);
      const u = theme.u;
      const step = g.w / index.length;
      const wide = Math.max(2, Math.min(step * 0.72, 56 * u));
      drawNames(ctx, index, step);
      const { p_g: pG, d, d_star: dStar, average, rest } = frame?.a ?? {};
      if (pG && on("p_g")) {
        for (let i = 0; i < index.length; i++) {
          const x = g.left + step * (i + 0.5) - wide / 2;
          const y = py(pG[i]);
          ctx.fillStyle = alpha(theme.rgb.G, 0.32);
          ctx.fillRect(x, y, wide, g.base - y);
          ctx.fillStyle = theme.role("G");
          ctx.fillRect(x, y - 1, wide, 2 * u);
          if (pG[i] > top) drawOver(ctx, pG[i], x + wide / 2);
        }
      }
      ctx.lineCap = "round";
      if (on("p_data")) {
        ctx.setLineDash([0.1, 4 * u]);
        ctx.strokeStyle = theme.role("data");
        ctx.lineWidth = LINE.p_data * u;
        marks(ctx, index.length, step, Math.min(step - 3, wide * 1.2), (i) => py(pData[index[i]]));
        ctx.setLineDash([]);
      }
      ctx.lineCap = "butt";
      if (average && on("average")) {
        ctx.strokeStyle = theme.role("G");
        ctx.lineWidth = LINE.average * u;
        marks(ctx, index.length, step, wide, (i) => py(average[i]));
      }
      if (dStar && on("d_star")) {
        ctx.strokeStyle = alpha(theme.rgb.D, LINE.d_star_alpha);
        ctx.lineWidth = LINE.d_star * u;
        marks(ctx, index.length, step, wide, (i) => pd(dStar[i]));
      }
      if (d && on("d")) {
        ctx.strokeStyle = theme.role("D");
        ctx.lineWidth = LINE.d * u;
        ctx.setLineDash(wide > 24 * u ? LINE.d_dash.map((v) => (v * u) / 2) : []);
        marks(ctx, index.length, step, wide, (i) => pd(d[i]));
        ctx.setLineDash([]);
      }
      if (rest && positions > 1) drawShares(ctx, rest);
    },
  };

  /**
   * The value of a bar that is higher than the axis.
   *
   * @param {Context} ctx
   * @param {number} value
   * @param {number} x
   */
  function drawOver(ctx, value, x) {
    ctx.font = font(theme, SIZES.note, 600);
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.fillStyle = theme.ink("G");
    ctx.fillText(value.toFixed(2), Math.max(g.left + 16 * theme.u, Math.min(x, g.left + g.w - 16 * theme.u)), g.head + 5 * theme.u);
  }
}
