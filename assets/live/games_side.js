// Beside the phase portrait: the eigenvalues of an update in the complex plane, and the distance over time.

import { chart, overUpdates } from "./chart.js";
import { complexPlane, frame } from "./complex_plane.js";
import { dashesOf, font, trace } from "./plot.js";
import { SIZES } from "./tokens.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Game} Game */
/** @typedef {import("./types.js").Theme} Theme */

const FLOOR = 1e-13; // of distances

/** {node, resize, redraw}: the eigenvalues, closed forms as rings and measured ones as dots. @param {() => Game | null} get */
export function eigenvalues(get) {
  return chart({ "data-testid": "eigenvalues", "aria-label": _("Eigenvalues of one update in the complex plane") }, (ctx, theme, width, height) => {
    const game = get();
    if (!game) return;
    const groups = game.runs.flatMap((run, i) =>
      run.refused
        ? []
        : [
            { points: game.a[`closed.${i}`], role: run.role, ring: true },
            { points: game.a[`measured.${i}`], role: run.role, ring: false },
          ],
    );
    complexPlane(ctx, theme, width, height, { title: _("eigenvalues μ of one update"), groups, circle: true, key: [_("○ closed form"), _("● measured")] });
  });
}

/**
 * {node, resize, redraw}: the distance to the equilibrium over the updates, and the predicted slopes.
 *
 * @param {() => {game: Game, now: number, point: number, hidden: Set<string>} | null} get
 */
export function distance(get) {
  return chart({ "data-testid": "distance", "aria-label": _("Distance to the equilibrium over time") }, (ctx, theme, width, height) => {
    const state = get();
    if (!state) return;
    const { game, now, point, hidden } = state;
    const u = theme.u;
    const { left, top, w, h } = frame(ctx, theme, width, height, _("distance to the equilibrium"), _("thin: predicted slope"));
    const shown = game.runs.map((run, i) => ({ run, i })).filter(({ run }) => !run.refused && !hidden.has(run.rule));
    const curve = (/** @type {number} */ i) => {
      const [, points] = game.shape[`distance.${i}`];
      return game.a[`distance.${i}`].subarray(point * points, (point + 1) * points);
    };
    let [low, high] = [Infinity, -Infinity];
    for (const { i } of shown) {
      for (const value of curve(i)) {
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, Math.max(value, FLOOR));
        high = Math.max(high, value);
      }
    }
    if (!(high > 0)) return;
    low = Math.min(low, high / 3);
    high = Math.max(high, low * 3);
    const [a, b] = [Math.log(low) - 0.1, Math.log(high) + 0.1];
    const px = (/** @type {number} */ t) => left + (w * t) / game.updates;
    const py = (/** @type {number} */ v) => top + (h * (b - Math.log(Math.max(v, FLOOR / 10)))) / (b - a);
    overUpdates(ctx, theme, { left, top, w, h }, game.updates, [a, b], px, py);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, w, h);
    ctx.clip();
    for (const { run, i } of shown) {
      const d = curve(i);
      ctx.strokeStyle = ctx.fillStyle = theme.role(run.role);
      ctx.lineWidth = 1.75 * u;
      ctx.setLineDash(dashesOf(run.dash).map((v) => v * u));
      ctx.beginPath();
      trace(ctx, d.length, px, (k) => py(d[k]));
      ctx.stroke();
      ctx.setLineDash([]);
      if (typeof run.predicted === "number") {
        ctx.lineWidth = u;
        ctx.globalAlpha = 0.75;
        ctx.beginPath();
        ctx.moveTo(px(0), py(d[0]));
        // In the logarithm, which no large number of updates overflows.
        ctx.lineTo(px(game.updates), py(d[0]) - (h * run.predicted * game.updates) / (b - a));
        ctx.stroke();
        ctx.globalAlpha = 1;
      }
      const k = Math.min(d.length - 1, Math.floor(now));
      if (!(d[k] > 0)) continue;
      ctx.beginPath();
      ctx.arc(px(k), py(d[k]), 3.5 * u, 0, 2 * Math.PI);
      ctx.fill();
    }
    const first = shown.length ? curve(shown[0].i)[0] : 1;
    drawKey(ctx, theme, shown.map(({ run }) => run), left, py(first) < top + h / 2 ? top + h - 15 * u * shown.length - 4 * u : top + 2 * u);
    ctx.restore();
  });
}

/**
 * The names of rules in their colours, so that an exported picture tells them apart.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {import("./types.js").GameRun[]} runs
 * @param {number} left
 * @param {number} top
 */
function drawKey(ctx, theme, runs, left, top) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.panel_axis);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  runs.forEach((run, i) => {
    const y = top + (15 * i + 8) * u;
    ctx.globalAlpha = 0.75;
    ctx.fillStyle = theme.back;
    ctx.fillRect(left + 3 * u, y - 7 * u, ctx.measureText(run.title).width + 36 * u, 14 * u);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.role(run.role);
    ctx.lineWidth = 2 * u;
    ctx.setLineDash(dashesOf(run.dash).map((v) => v * u));
    ctx.beginPath();
    ctx.moveTo(left + 7 * u, y);
    ctx.lineTo(left + 29 * u, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = theme.ink(run.role);
    ctx.fillText(run.title, left + 34 * u, y);
  });
}
