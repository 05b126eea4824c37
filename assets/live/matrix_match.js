// The pictures of a repeated dilemma: a match round by round, pay-off against δ, and the staircase of a known end.

import { chart } from "./chart.js";
import { frame } from "./complex_plane.js";
import { font, named, short, ticks } from "./plot.js";
import { SIZES } from "./tokens.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Matrix} Matrix */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {CanvasRenderingContext2D} Ctx */

const COOPERATES = 0;
const ROLES = ["G", "D"]; // of the first and of the second player
const DASHES = [[], [7, 4], [2, 4]]; // of the replies

/**
 * The moves of both players up to now, and the mean of what they got; {node, resize, redraw}.
 *
 * @param {() => {game: Matrix, now: number} | null} get
 */
export function matchChart(get) {
  return chart({ "data-testid": "match", "aria-label": _("A match, round by round") }, (ctx, theme, width, height) => {
    const state = get();
    if (!state) return;
    const { game, now } = state;
    const u = theme.u;
    const count = game.count;
    const [left, right] = [42 * u, 10 * u];
    const room = Math.min(34 * u, (width - left - right) / count);
    const tall = 24 * u;
    const top = 20 * u;
    const shown = Math.min(count, Math.floor(now));
    ctx.font = font(theme, SIZES.title, 600);
    ctx.fillStyle = theme.text;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillText(_("a match of {count} round{s}", { count, s: count > 1 ? "s" : "" }), left, 13 * u);
    ctx.font = font(theme, SIZES.panel_axis);
    for (const player of [0, 1]) {
      const y = top + player * (tall + 3 * u);
      ctx.fillStyle = theme.ink(ROLES[player]);
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      ctx.fillText(player ? _("second") : _("first"), left - 5 * u, y + tall / 2);
      for (let i = 0; i < count; i++) {
        const x = left + i * room;
        const move = game.a.moves[2 * i + player];
        ctx.strokeStyle = theme.faint;
        ctx.lineWidth = 1;
        ctx.strokeRect(Math.round(x) + 0.5, Math.round(y) + 0.5, Math.max(1, Math.round(room) - 2), Math.round(tall));
        if (i >= shown) continue;
        ctx.fillStyle = theme.role(move === COOPERATES ? "G" : "accent");
        ctx.globalAlpha = move === COOPERATES ? 0.75 : 0.9;
        ctx.fillRect(x + 2, y + 2, Math.max(1, room - 4), tall - 3);
        ctx.globalAlpha = 1;
        if (room > 13 * u) {
          ctx.fillStyle = theme.back;
          ctx.font = font(theme, SIZES.panel_axis, 700);
          ctx.textAlign = "center";
          ctx.fillText(move === COOPERATES ? "C" : "D", x + room / 2 - 0.5, y + tall / 2 + 1);
          ctx.font = font(theme, SIZES.panel_axis);
        }
      }
    }
    const above = top + 2 * tall + 14 * u;
    means(ctx, theme, game, shown, { left, top: above, w: width - left - right, h: height - above - 34 * u });
  });
}

/**
 * The mean pay-off so far of both players, and the exact expected one.
 *
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {Matrix} game
 * @param {number} shown rounds
 * @param {{left: number, top: number, w: number, h: number}} g
 */
function means(ctx, theme, game, shown, { left, top, w, h }) {
  const u = theme.u;
  const count = game.count;
  const [high, , , low] = game.pays;
  const py = (/** @type {number} */ v) => top + (h * (high - v)) / (high - low);
  const px = (/** @type {number} */ i) => left + (w * i) / Math.max(1, count);
  ctx.strokeStyle = theme.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(Math.round(left) + 0.5, Math.round(top) + 0.5, Math.round(w), Math.round(h));
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.strokeStyle = theme.faint;
  ctx.beginPath();
  for (const v of new Set(game.pays)) {
    ctx.fillText(short(v), left - 5 * u, py(v));
    ctx.moveTo(left, Math.round(py(v)) + 0.5);
    ctx.lineTo(left + w, Math.round(py(v)) + 0.5);
  }
  ctx.stroke();
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  for (const [t, text] of named(ticks(0, count, Math.min(count, 6)).filter(Number.isInteger))) ctx.fillText(text, px(t), top + h + 4 * u);
  ctx.textAlign = "left";
  ctx.fillText(_("mean pay-off so far · dotted: expected"), left, top + h + 18 * u);
  ctx.lineCap = "round";
  // The second player below the first: its line is wider, so that both are seen where they are equal.
  for (const player of [1, 0]) {
    ctx.strokeStyle = theme.role(ROLES[player]);
    for (const [name, dash, wide] of /** @type {[string, number[], number][]} */ ([["exact", [1 * u, 4 * u], 1.6], ["gets", [], 2]])) {
      ctx.setLineDash(dash);
      ctx.lineWidth = (wide + 2.5 * player) * u;
      ctx.globalAlpha = player ? 0.6 : 1;
      ctx.beginPath();
      let sum = 0;
      for (let i = 0; i < (name === "gets" ? shown : count); i++) {
        sum += game.a[name][2 * i + player];
        ctx.lineTo(px(i + 1), py(sum / (i + 1)));
      }
      ctx.stroke();
    }
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  ctx.lineCap = "butt";
  for (const player of [1, 0]) {
    if (!shown) break;
    let sum = 0;
    for (let i = 0; i < shown; i++) sum += game.a.gets[2 * i + player];
    ctx.fillStyle = theme.role(ROLES[player]);
    ctx.beginPath();
    ctx.arc(px(shown), py(sum / shown), (4 + player) * u, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/**
 * The positions of the parts of the chart of δ.
 *
 * @param {Matrix} game
 * @param {number} width
 * @param {number} height
 * @param {number} u
 */
export function discountPlaces(game, width, height, u) {
  const g = { left: 42 * u, top: 22 * u, w: Math.max(1, width - 52 * u), h: Math.max(1, height - 44 * u) };
  const values = [...game.a.curves, ...game.a.own];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = 0.06 * (high - low || 1);
  return {
    ...g,
    low: low - pad,
    high: high + pad,
    px: (/** @type {number} */ d) => g.left + g.w * d,
    py: (/** @type {number} */ v) => g.top + (g.h * (high + pad - v)) / (high - low + 2 * pad),
  };
}

/**
 * The mean pay-off of simple replies to the second player at each δ; {node, resize, redraw}.
 *
 * @param {() => Matrix | null} get
 */
export function discountChart(get) {
  return chart({ "data-testid": "discount", "aria-label": _("Pay-off against the probability of another round") }, (ctx, theme, width, height) => {
    const game = get();
    if (!game || game.end === "known") return;
    const u = theme.u;
    const other = game.players.find((/** @type {string[]} */ [name]) => name === game.other)[1];
    const { left, top, w, h } = frame(ctx, theme, width, height, _("pay-off against {other}", { other }), _("per round"));
    const { low, high, px, py } = discountPlaces(game, width, height, u);
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const [t, text] of named(ticks(low, high, Math.max(3, h / (40 * u))))) ctx.fillText(text, left - 5 * u, py(t));
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of named([0, 0.25, 0.5, 0.75])) ctx.fillText(text, px(t), top + h + 5 * u);
    ctx.textAlign = "right";
    ctx.fillText("δ", left + w, top + h + 5 * u);
    const { agains, curves } = game.a;
    const n = agains.length;
    game.replies.forEach((/** @type {string} */ title, /** @type {number} */ k) => {
      const role = k ? "accent" : "G";
      ctx.strokeStyle = theme.role(role);
      ctx.lineWidth = (k ? 2 : 2.6) * u;
      ctx.setLineDash(DASHES[k].map((v) => v * u));
      ctx.beginPath();
      for (let i = 0; i < n; i++) ctx.lineTo(px(agains[i]), py(curves[k * n + i]));
      ctx.stroke();
      ctx.setLineDash([]);
    });
    // The lines of δ lie under the key and the texts.
    if (game.crossing > 0) {
      ctx.strokeStyle = theme.muted;
      ctx.lineWidth = u;
      ctx.setLineDash([3 * u, 3 * u]);
      ctx.beginPath();
      ctx.moveTo(px(game.crossing), top);
      ctx.lineTo(px(game.crossing), top + h);
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 1.5 * u;
    ctx.beginPath();
    ctx.moveTo(px(game.again), top);
    ctx.lineTo(px(game.again), top + h);
    ctx.stroke();
    // What the first player gets, at each δ and at the present one.
    const one = game.players.find((/** @type {string[]} */ [name]) => name === game.one)[1];
    ctx.strokeStyle = theme.role("run0");
    ctx.lineWidth = 1.4 * u;
    ctx.beginPath();
    for (let i = 0; i < n; i++) ctx.lineTo(px(agains[i]), py(game.a.own[i]));
    ctx.stroke();
    ctx.fillStyle = theme.role("run0");
    ctx.beginPath();
    ctx.arc(px(game.again), py(game.expected[0]), 4.5 * u, 0, 2 * Math.PI);
    ctx.fill();
    /** @type {[string, string, number[]][]} */
    const key = game.replies.map((/** @type {string} */ title, /** @type {number} */ k) => [title, k ? "accent" : "G", DASHES[k]]);
    [...key, /** @type {[string, string, number[]]} */ ([one, "run0", []])].forEach(([title, role, dash], k) => {
      const y = top + (10 + 15 * k) * u;
      const x = left + w - 8 * u;
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      const wide = ctx.measureText(title).width;
      ctx.fillStyle = theme.back;
      ctx.fillRect(x - wide - 34 * u, y - 8 * u, wide + 38 * u, 16 * u);
      ctx.strokeStyle = theme.role(role);
      ctx.lineWidth = (role === "run0" ? 1.4 : 2) * u;
      ctx.setLineDash(dash.map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(x - wide - 30 * u, y);
      ctx.lineTo(x - wide - 6 * u, y);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = theme.ink(role);
      ctx.fillText(title, x, y);
    });
    if (game.crossing > 0) {
      const x = px(game.crossing);
      let i = 0;
      while (i < n - 1 && agains[i + 1] <= game.crossing) i += 1;
      ctx.fillStyle = theme.text;
      ctx.beginPath();
      ctx.arc(x, py(game.a.own[i]), 5.5 * u, 0, 2 * Math.PI);
      ctx.fill();
      ctx.font = font(theme, SIZES.axis, 600);
      ctx.textAlign = game.crossing > 0.6 ? "right" : "left";
      ctx.textBaseline = "bottom";
      const says = `δ* = ${short(game.crossing)}`;
      const wide = ctx.measureText(says).width + 4 * u;
      const end = x + (game.crossing > 0.6 ? -7 : 7) * u;
      ctx.fillStyle = theme.back;
      ctx.fillRect(game.crossing > 0.6 ? end - wide + 2 * u : end - 2 * u, top + h - 22 * u, wide, 17 * u);
      ctx.fillStyle = theme.text;
      ctx.fillText(says, end, top + h - 6 * u);
    }
  });
}

/**
 * The best round to begin to defect in, against the other one's; up to now, of the way down; {node, resize, redraw}.
 *
 * @param {() => {game: Matrix, now: number} | null} get
 */
export function staircaseChart(get) {
  return chart({ "data-testid": "staircase", "aria-label": _("The best round to begin to defect in") }, (ctx, theme, width, height) => {
    const state = get();
    if (!state || state.game.end !== "known") return;
    const { game, now } = state;
    const u = theme.u;
    const { left, top, w, h } = frame(ctx, theme, width, height, _("when to begin to defect"), _("best reply"));
    const most = game.unravel.length; // the last round + 1: never
    const px = (/** @type {number} */ v) => left + (w * (v - 0.5)) / most;
    const py = (/** @type {number} */ v) => top + h - (h * (v - 0.5)) / most;
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    const marks = ticks(1, most - 1, 5).filter((t) => Number.isInteger(t) && t < 0.9 * most);
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const [t, text] of [...named(marks), /** @type {[number, string]} */ ([most, "never"])]) ctx.fillText(text, Math.min(px(t), left + w - 14 * u), top + h + 5 * u);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const [t, text] of [...named(marks), /** @type {[number, string]} */ ([most, "never"])]) ctx.fillText(text, left - 4 * u, py(t));
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    ctx.fillText(_("the other one's first round of defection →"), left + w - 5 * u, top + h - 4 * u);
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = u;
    ctx.beginPath();
    ctx.moveTo(px(0.5), py(0.5));
    ctx.lineTo(px(most + 0.5), py(most + 0.5));
    ctx.stroke();
    ctx.fillStyle = theme.role("accent");
    game.unravel.forEach((/** @type {number} */ best, /** @type {number} */ j) => {
      ctx.beginPath();
      ctx.arc(px(j + 1), py(best), Math.min(4 * u, (0.4 * w) / most), 0, 2 * Math.PI);
      ctx.fill();
    });
    // From "never" down: each best reply is the next one's starting point.
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 2 * u;
    ctx.beginPath();
    let at = most;
    ctx.moveTo(px(at), py(at));
    for (let step = 0; step < Math.floor(now); step++) {
      const next = game.unravel[at - 1];
      ctx.lineTo(px(at), py(next));
      ctx.lineTo(px(next), py(next));
      if (next === at) break;
      at = next;
    }
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(px(at), py(at), 5 * u, 0, 2 * Math.PI);
    ctx.fillStyle = theme.text;
    ctx.fill();
  });
}
