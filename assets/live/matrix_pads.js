// Where mixed strategies are drawn: a square for both players of a 2 × 2 game, else one pad for each player: over
// time for two strategies, a triangle for three, a square of corners for four.

import { arrow, cross, font } from "./plot.js";
import { SIZES } from "./tokens.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {import("./types.js").Matrix} Matrix */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {[number, number]} Point */

/**
 * @typedef {object} Pad
 * @property {import("./games_points.js").Ground} ground
 * @property {(p: ArrayLike<number>, at: number, time: number) => Point} place the pixels of probabilities, which are at
 *   [at, at + n) of an array, and of the share of the time
 * @property {(p: number[]) => Point} start where the handle of a starting point is, in the ground's units
 * @property {(x: number, y: number) => number[]} back the probabilities at a place of a handle
 * @property {(ctx: CanvasRenderingContext2D, theme: Theme) => void} frame
 */

const clamp = (/** @type {number} */ v) => Math.min(1, Math.max(0, v));
const HEIGHT = Math.sqrt(3) / 2;
/** @type {Record<number, Point[]>} */
const CORNERS = { 3: [[0, 0], [1, 0], [0.5, HEIGHT]], 4: [[0, 0], [1, 0], [1, 1], [0, 1]] };

/**
 * A square or another region of the plane, `wide` by `tall` units, in a box of pixels.
 *
 * @param {Box} box
 * @param {number} wide
 * @param {number} tall
 */
function region(box, wide, tall) {
  const scale = Math.min(box.w / wide, box.h / tall);
  const [w, h] = [scale * wide, scale * tall];
  const left = Math.round(box.x + (box.w - w) / 2);
  const top = Math.round(box.y + (box.h - h) / 2);
  const bottom = top + h;
  return {
    g: { left, top, w, h, bottom, scale },
    px: (/** @type {number} */ v) => left + v * scale,
    py: (/** @type {number} */ v) => bottom - v * scale,
    x: (/** @type {number} */ p) => (p - left) / scale,
    y: (/** @type {number} */ p) => (bottom - p) / scale,
  };
}

const shown = (/** @type {string} */ name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
const share = (/** @type {number} */ v) => v.toFixed(3);

/** Probabilities in words. @param {string[]} names @param {number[]} p */
export const inWords = (names, p) => names.map((name, i) => `${name} ${share(p[i])}`).join(", ");

/** Probabilities that add up to 1, of which all but the last are rounded. @param {number[]} p */
export function rounded(p) {
  const out = [];
  let left = 1;
  for (const v of p.slice(0, -1)) {
    const one = Math.min(left, +clamp(v).toFixed(3));
    out.push(one);
    left = +(left - one).toFixed(3);
  }
  return [...out, left];
}

/**
 * The square of a 2 × 2 game: across the row player's first strategy, up the column player's.
 *
 * @param {Box} box
 * @param {number} u
 * @param {string[]} rows
 * @param {string[]} columns
 * @returns {Pad}
 */
export function squarePad(box, u, rows, columns) {
  const at = region({ x: box.x + 24 * u, y: box.y + 22 * u, w: Math.max(60, box.w - 32 * u), h: Math.max(60, box.h - 60 * u) }, 1, 1);
  const back = (/** @type {number} */ x, /** @type {number} */ y) => [clamp(x), 1 - clamp(x), clamp(y), 1 - clamp(y)];
  return {
    ground: { ...at, inside: (x, y) => [clamp(x), clamp(y)], words: (x, y) => `${rows[0]} ${share(x)}, ${columns[0]} ${share(y)}` },
    place: (p, i) => [at.px(p[i]), at.py(p[i + 2])],
    start: (p) => [p[0], p[2]],
    back,
    frame(ctx, theme) {
      const { g } = at;
      border(ctx, theme, [[g.left, g.top], [g.left + g.w, g.top], [g.left + g.w, g.bottom], [g.left, g.bottom]]);
      ctx.font = font(theme, SIZES.axis);
      ctx.fillStyle = theme.muted;
      ctx.textBaseline = "top";
      for (const t of [0, 0.5, 1]) {
        ctx.textAlign = "center";
        ctx.fillText(t === 0.5 ? "½" : String(t), at.px(t), g.bottom + 5 * u);
        ctx.textAlign = "right";
        ctx.textBaseline = "middle";
        ctx.fillText(t === 0.5 ? "½" : String(t), g.left - 6 * u, at.py(t));
        ctx.textBaseline = "top";
      }
      ctx.font = font(theme, SIZES.axis, 600);
      ctx.fillStyle = theme.ink("G");
      ctx.textAlign = "right";
      ctx.textBaseline = "top";
      ctx.fillText(_("row player: {shown} →", { shown: shown(rows[0]) }), g.left + g.w, g.bottom + 20 * u);
      ctx.fillStyle = theme.ink("D");
      ctx.textAlign = "left";
      ctx.textBaseline = "alphabetic";
      ctx.fillText(_("↑ column player: {shown}", { shown: shown(columns[0]) }), g.left, g.top - 7 * u);
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Point[]} corners
 */
function border(ctx, theme, corners) {
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const [x, y] of corners) ctx.lineTo(Math.round(x) + 0.5, Math.round(y) + 0.5);
  ctx.closePath();
  ctx.stroke();
}

/**
 * The pad of one player.
 *
 * @param {Box} box
 * @param {number} u
 * @param {string[]} names of the strategies
 * @param {string} role of the player
 * @param {string} title
 * @returns {Pad}
 */
export function playerPad(box, u, names, role, title) {
  return names.length === 2 ? timePad(box, u, names, role, title) : cornerPad(box, u, names, role, title);
}

/** @type {typeof playerPad} */
function timePad(box, u, names, role, title) {
  const left = box.x + 34 * u;
  const inner = { x: left, y: box.y + 22 * u, w: Math.max(40, box.w - 44 * u), h: Math.max(30, box.h - 34 * u) };
  const g = { left, top: inner.y, w: inner.w, h: inner.h, bottom: inner.y + inner.h, scale: inner.h };
  const py = (/** @type {number} */ v) => g.bottom - v * g.h;
  return {
    ground: {
      g,
      px: (v) => left + v * inner.w,
      py,
      x: (p) => (p - left) / inner.w,
      y: (p) => (g.bottom - p) / g.h,
      inside: (_, y) => [0, clamp(y)],
      words: (_, y) => `${names[0]} ${share(y)}`,
    },
    place: (p, i, time) => [left + time * inner.w, py(p[i])],
    start: (p) => [0, p[0]],
    back: (_, y) => [clamp(y), 1 - clamp(y)],
    frame(ctx, theme) {
      border(ctx, theme, [[left, g.top], [left + g.w, g.top], [left + g.w, g.bottom], [left, g.bottom]]);
      heading(ctx, theme, box, u, role, _("{title}: {shown} over time", { title, shown: shown(names[0]) }));
      ctx.font = font(theme, SIZES.axis);
      ctx.fillStyle = theme.muted;
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      for (const t of [0, 0.5, 1]) ctx.fillText(t === 0.5 ? "½" : String(t), left - 6 * u, py(t));
    },
  };
}

/** @type {typeof playerPad} */
function cornerPad(box, u, names, role, title) {
  const n = names.length;
  const corners = CORNERS[n];
  const room = { x: box.x + 30 * u, y: box.y + (n === 3 ? 36 : 38) * u, w: box.w - 60 * u, h: Math.max(40, box.h - (n === 3 ? 54 : 58) * u) };
  const at = region(room, 1, n === 3 ? HEIGHT : 1);
  const plane = (/** @type {ArrayLike<number>} */ p, i = 0) => {
    let [x, y] = [0, 0];
    for (let k = 0; k < n; k++) {
      x += p[i + k] * corners[k][0];
      y += p[i + k] * corners[k][1];
    }
    return /** @type {Point} */ ([x, y]);
  };
  const back = (/** @type {number} */ x, /** @type {number} */ y) => (n === 3 ? inTriangle(x, y) : inSquare(x, y));
  return {
    ground: { ...at, inside: (x, y) => plane(back(x, y)), words: (x, y) => inWords(names, back(x, y)) },
    place(p, i) {
      const [x, y] = plane(p, i);
      return [at.px(x), at.py(y)];
    },
    start: (p) => plane(p),
    back,
    frame(ctx, theme) {
      border(ctx, theme, corners.map(([x, y]) => [at.px(x), at.py(y)]));
      heading(ctx, theme, box, u, role, title);
      ctx.font = font(theme, SIZES.axis);
      ctx.fillStyle = theme.muted;
      corners.forEach(([x, y], k) => {
        const high = y > 0.5;
        ctx.textAlign = n === 3 && k === 2 ? "center" : x < 0.5 ? "left" : "right";
        ctx.textBaseline = high ? "bottom" : "top";
        const dx = n === 3 && k === 2 ? 0 : x < 0.5 ? -26 * u : 26 * u;
        ctx.fillText(shown(names[k]), at.px(x) + dx, at.py(y) + (high ? -4 : 5) * u);
      });
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Box} box
 * @param {number} u
 * @param {string} role
 * @param {string} title
 */
function heading(ctx, theme, box, u, role, title) {
  ctx.font = font(theme, SIZES.title, 600);
  ctx.fillStyle = theme.ink(role);
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(title, box.x + 4 * u, box.y + 14 * u);
}

/**
 * The probabilities of the point of the triangle that is nearest to (x, y).
 *
 * @param {number} x
 * @param {number} y
 */
export function inTriangle(x, y) {
  const top = y / HEIGHT;
  let p = [1 - x - top / 2, x - top / 2, top];
  // The nearest probabilities: what is negative is taken from the others alike.
  for (let again = 0; again < 2; again++) {
    const positive = p.filter((v) => v > 0).length;
    const less = p.reduce((sum, v) => sum + Math.max(0, v), -1) / positive;
    p = p.map((v) => (v > 0 ? v - less : 0));
  }
  p = p.map((v) => Math.max(0, v));
  const sum = p.reduce((all, v) => all + v, 0);
  return p.map((v) => v / sum);
}

/**
 * Probabilities of four corners at a point of their square, of which there are many: those of two independent choices.
 *
 * @param {number} x
 * @param {number} y
 */
export function inSquare(x, y) {
  const [s, t] = [clamp(x), clamp(y)];
  return [(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t];
}

/**
 * The arrows of the square: where one update leads from each point of a grid; lengths are compressed.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Matrix} game
 * @param {Pad} pad
 */
export function drawField(ctx, theme, game, { ground: { g, px, py } }) {
  const { field } = game.a;
  const cells = game.shape.field[0];
  const room = g.w / (cells - 1);
  let largest = 0;
  for (let i = 0; i < field.length; i += 2) largest = Math.max(largest, Math.hypot(field[i], field[i + 1]));
  ctx.beginPath();
  for (let r = 0; r < cells; r++) {
    for (let c = 0; c < cells; c++) {
      const i = 2 * (r * cells + c);
      const size = Math.hypot(field[i], field[i + 1]);
      if (!(size > 1e-9 * largest)) continue;
      const long = 0.46 * room * Math.sqrt(size / largest) + 0.14 * room;
      const [dx, dy] = [(field[i] / size) * long, (-field[i + 1] / size) * long];
      const [x, y] = [px(c / (cells - 1)), py(r / (cells - 1))];
      arrow(ctx, x - dx / 2, y - dy / 2, x + dx / 2, y + dy / 2, 4 * theme.u);
    }
  }
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = theme.u;
  ctx.stroke();
}

const APART = 0.5; // px between two points of a line that is drawn
/** @type {WeakMap<Pad, Record<string, Float32Array>>} */
const spots = new WeakMap();

/**
 * Where the points of all paths of one kind are in pixels; a pad is made anew for each answer and size.
 *
 * @param {Matrix} game
 * @param {Pad} pad
 * @param {string} name
 * @param {number} first
 */
function placed(game, pad, name, first) {
  const known = spots.get(pad) ?? {};
  spots.set(pad, known);
  if (known[name]) return known[name];
  const [runs, points, each] = game.shape.path;
  const out = (known[name] = new Float32Array(2 * runs * points));
  for (let k = 0; k < runs * points; k++) {
    [out[2 * k], out[2 * k + 1]] = pad.place(game.a[name], k * each + first, (k % points) / (points - 1));
  }
  return out;
}

/**
 * The play and its average up to time `now`, on a pad that shows the probabilities from number `first` on.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Matrix} game
 * @param {Pad} pad
 * @param {number} first
 * @param {number} now
 * @param {Set<string>} hidden
 */
export function drawPaths(ctx, theme, game, pad, first, now, hidden) {
  const [runs, points] = game.shape.path;
  const last = Math.min(points - 1, Math.floor(now));
  const u = theme.u;
  for (const [name, role, wide, dash] of /** @type {[string, string, number, number[]][]} */ ([["path", "run0", 1.5, []], ["mean", "run2", 2.6, [1.5 * u, 3.5 * u]]])) {
    if (hidden.has(name)) continue;
    const all = placed(game, pad, name, first);
    for (let r = 0; r < runs; r++) {
      const from = 2 * r * points;
      ctx.strokeStyle = ctx.fillStyle = theme.role(role);
      ctx.lineWidth = wide * u;
      ctx.lineJoin = "round";
      ctx.lineCap = dash.length ? "round" : "butt";
      ctx.setLineDash(dash);
      ctx.globalAlpha = name === "path" && last > 400 ? 0.7 : 1;
      ctx.beginPath();
      let [x, y] = [all[from], all[from + 1]];
      ctx.moveTo(x, y);
      for (let i = 1; i <= last; i++) {
        const [nx, ny] = [all[from + 2 * i], all[from + 2 * i + 1]];
        if (Math.abs(nx - x) + Math.abs(ny - y) < APART && i < last) continue;
        ctx.lineTo(nx, ny);
        [x, y] = [nx, ny];
      }
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.lineCap = "butt";
      ctx.globalAlpha = 1;
      const part = now - last;
      if (part > 0 && last + 1 < points) {
        const [nx, ny] = [all[from + 2 * last + 2], all[from + 2 * last + 3]];
        [x, y] = [x + part * (nx - x), y + part * (ny - y)];
      }
      ctx.beginPath();
      if (name === "path") ctx.arc(x, y, 5 * u, 0, 2 * Math.PI);
      else ctx.rect(x - 4.5 * u, y - 4.5 * u, 9 * u, 9 * u);
      ctx.fill();
      ctx.strokeStyle = theme.back;
      ctx.lineWidth = 1.5 * u;
      ctx.stroke();
    }
  }
}

/**
 * A cross at each equilibrium.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Matrix} game
 * @param {Pad} pad
 * @param {number} player -1: both
 */
export function drawRest(ctx, theme, game, pad, player) {
  for (const { x, y } of game.equilibria) {
    const p = player < 0 ? [...x, ...y] : player ? y : x;
    const [px, py] = pad.place(p, 0, 1);
    cross(ctx, theme, px, py);
  }
}
