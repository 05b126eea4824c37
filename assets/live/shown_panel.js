// One panel of the page of theory: axes, series and their legend, drawn from what the server says.

import { enlarger } from "./pixels.js";
import { area, arrow, dashesOf, flood, font, logTicks, named, power, ticks, trace } from "./plot.js";
import { SIZES } from "./tokens.js";

/** @typedef {import("./types.js").ShownPanel} Panel */
/** @typedef {import("./types.js").PanelAxis} PanelAxis */
/** @typedef {import("./types.js").PanelSeries} PanelSeries */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {ReturnType<typeof places>} Places */

const ROW = 16; // px of a row of text
const DOTS = [0.1, 5]; // p_data's dashes, with round ends
const BEYOND = 20; // heights of a panel; browsers drop the dashes, or all, of a line that goes much farther
const BESIDE = 8; // px between words of the legend

/**
 * Pixels of an axis from `from` to `to`, and back.
 *
 * @param {PanelAxis} axis
 * @param {number} from
 * @param {number} to
 */
function scale({ low, high, log }, from, to) {
  const [there, back] = log ? [(/** @type {number} */ v) => Math.log(Math.max(v, 1e-300)), Math.exp] : [(/** @type {number} */ v) => v, (/** @type {number} */ v) => v];
  const [a, b] = [there(low), there(high)];
  return {
    p: (/** @type {number} */ v) => from + ((to - from) * (there(v) - a)) / (b - a),
    v: (/** @type {number} */ p) => back(a + ((b - a) * (p - from)) / (to - from)),
  };
}

/**
 * The words of a legend in rows. The last row also has the names of the y axes, right above them, if there is room.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Panel} panel
 * @param {number} room
 * @param {number} u
 */
function rowsOf(ctx, panel, room, u) {
  /** @type {{series: PanelSeries, x: number, row: number}[]} */
  const words = [];
  const left = ctx.measureText(upwards(panel.y)).width + 2 * BESIDE * u;
  const right = panel.right ? ctx.measureText(upwards(panel.right)).width + BESIDE * u : 0;
  const shown = panel.series.filter(({ title }) => title);
  const wide = (/** @type {PanelSeries} */ { title }) => ctx.measureText(title).width + (28 + BESIDE) * u;
  const total = shown.reduce((sum, one) => sum + wide(one), 0);
  if (left + total + right < room) {
    let x = left;
    for (const one of shown) {
      words.push({ series: one, x, row: 0 });
      x += wide(one);
    }
    return { words, rows: 1 };
  }
  let [x, row] = [0, 0];
  for (const one of shown) {
    if (x && x + wide(one) > room) [x, row] = [0, row + 1];
    words.push({ series: one, x, row });
    x += wide(one);
  }
  return { words, rows: row + 2 };
}

const upwards = (/** @type {PanelAxis} */ { label }) => `↑ ${label}`;

/**
 * The places of a panel in pixels, for a size of its canvas.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Panel} panel
 * @param {number} width
 * @param {number} height
 */
export function places(ctx, theme, panel, width, height) {
  const u = theme.u;
  ctx.font = font(theme, SIZES.unit);
  const left = Math.round(46 * u);
  const right = Math.round((panel.right ? 40 : 14) * u);
  const legend = rowsOf(ctx, panel, width - 8 * u, u);
  const head = Math.round((24 + ROW * legend.rows) * u);
  let [w, top] = [Math.max(1, width - left - right), head];
  let h = Math.max(1, height - head - 38 * u);
  let from = left;
  if (panel.equal) {
    const unit = Math.min(w / (panel.x.high - panel.x.low), h / (panel.y.high - panel.y.low));
    const [wide, tall] = [unit * (panel.x.high - panel.x.low), unit * (panel.y.high - panel.y.low)];
    from += Math.round((w - wide) / 2);
    [w, h] = [wide, tall];
  }
  [w, h, top] = [Math.round(w), Math.round(h), Math.round(top)];
  const across = scale(panel.x, from, from + w);
  const up = scale(panel.y, top + h, top);
  const other = panel.right ? scale(panel.right, top + h, top) : up;
  return { g: { left: from, top, w, h, bottom: top + h }, px: across.p, py: up.p, x: across.v, y: up.v, pr: other.p, legend, head };
}

/** The right axis has the colour of what belongs to it. @param {Panel} panel */
const roleOfRight = (panel) => panel.series.find(({ right }) => right)?.role ?? "muted";

/**
 * The ticks of an axis with their texts, about `count` of them.
 *
 * @param {PanelAxis} axis
 * @param {number} count
 * @returns {[number, string][]}
 */
function ticksOf(axis, count) {
  if (axis.ticks.length) return axis.ticks;
  if (axis.log) return logTicks(axis.low, axis.high, Math.max(2, count)).map((t) => [t, power(Math.round(Math.log10(t)))]);
  for (let more = Math.max(2, count); ; more += 1) {
    const round = ticks(axis.low, axis.high, more);
    if (round.length > 1 || more > 9) return named(round);
  }
}

/**
 * Draw a panel at a frame.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Panel} panel
 * @param {Places} at
 * @param {number} frame
 * @param {number} width
 */
export function drawPanel(ctx, theme, panel, at, frame, width) {
  const { g } = at;
  flood(ctx, theme.back);
  drawWords(ctx, theme, panel, at, width);
  drawAxes(ctx, theme, panel, at);
  ctx.save();
  ctx.beginPath();
  ctx.rect(g.left, g.top, g.w, g.h);
  ctx.clip();
  ctx.lineJoin = "round";
  panel.series.forEach((series) => drawSeries(ctx, theme, series, at, frame));
  ctx.restore();
}

/**
 * The title, the names of the axes and the legend.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Panel} panel
 * @param {Places} at
 * @param {number} width
 */
function drawWords(ctx, theme, panel, { g, legend, head }, width) {
  const u = theme.u;
  const start = 4 * u;
  ctx.textBaseline = "alphabetic";
  ctx.textAlign = "left";
  ctx.font = font(theme, SIZES.title, 600);
  ctx.fillStyle = theme.text;
  ctx.fillText(panel.title, start, 14 * u, width - start);
  const title = ctx.measureText(panel.title).width;
  ctx.font = font(theme, SIZES.unit);
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "right";
  if (panel.note && title + ctx.measureText(panel.note).width + 24 * u < width) ctx.fillText(panel.note, width - 2 * u, 14 * u);
  ctx.textAlign = "left";
  ctx.fillText(upwards(panel.y), start, head - 8 * u, width / (panel.right ? 1.6 : 1));
  if (panel.right) {
    ctx.textAlign = "right";
    ctx.fillStyle = theme.ink(roleOfRight(panel));
    ctx.fillText(upwards(panel.right), width - 2 * u, head - 8 * u);
  }
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillText(`${panel.x.label} →`, g.left + g.w / 2, g.bottom + 21 * u, width);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { series, x, row } of legend.words) {
    const y = (28 + ROW * row) * u;
    const from = start + x;
    sample(ctx, theme, series, from, y);
    ctx.fillStyle = theme.ink(series.role);
    ctx.fillText(series.title, from + 26 * u, y);
  }
}

/**
 * The mark of a series in the legend.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {PanelSeries} series
 * @param {number} x
 * @param {number} y
 */
function sample(ctx, theme, series, x, y) {
  const u = theme.u;
  ctx.fillStyle = theme.role(series.role);
  ctx.beginPath();
  if (series.kind === "line") {
    ctx.moveTo(x, y);
    ctx.lineTo(x + 22 * u, y);
    stroke(ctx, theme, series);
  } else if (series.kind === "arrows") {
    arrow(ctx, x, y, x + 22 * u, y, 5 * u);
    stroke(ctx, theme, series);
  } else if (series.kind === "dots") {
    ctx.arc(x + 11 * u, y, Math.min(5.5, series.size / 2) * u, 0, 2 * Math.PI);
    ctx.fill();
  } else if (series.kind === "heat") {
    for (let i = 0; i < 7; i++) {
      const pixel = theme.field[Math.round((255 * i) / 6)];
      ctx.fillStyle = `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;
      ctx.fillRect(x + (2 + 3 * i) * u, y - 5 * u, 3 * u, 10 * u);
    }
  } else {
    ctx.globalAlpha = series.kind === "area" ? 0.35 : 0.8;
    ctx.fillRect(x + 4 * u, y - 5 * u, 14 * u, 10 * u);
    ctx.globalAlpha = 1;
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {PanelSeries} series
 */
function stroke(ctx, theme, series) {
  const dots = series.dash === "data";
  ctx.strokeStyle = theme.role(series.role);
  ctx.lineWidth = (series.thin ? 1.3 : dots ? 2.75 : 2.25) * theme.u;
  ctx.lineCap = dots ? "round" : "butt";
  ctx.setLineDash((dots ? DOTS : dashesOf(series.dash)).map((v) => v * theme.u));
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineCap = "butt";
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Panel} panel
 * @param {Places} at
 */
function drawAxes(ctx, theme, panel, { g, px, py, pr }) {
  const u = theme.u;
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.faint;
  ctx.beginPath();
  const across = ticksOf(panel.x, g.w / (64 * u));
  const up = ticksOf(panel.y, g.h / (42 * u));
  for (const [t] of up) {
    const y = Math.round(py(t)) + 0.5;
    if (y < g.top + 1 || y > g.bottom - 1) continue;
    ctx.moveTo(g.left, y);
    ctx.lineTo(g.left + g.w, y);
  }
  ctx.stroke();
  ctx.strokeStyle = theme.line;
  ctx.strokeRect(g.left - 0.5, g.top - 0.5, g.w + 1, g.h + 1);
  ctx.font = font(theme, SIZES.axis);
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.beginPath();
  for (const [t, text] of across) {
    const x = Math.round(px(t)) + 0.5;
    ctx.moveTo(x, g.bottom);
    ctx.lineTo(x, g.bottom + 4);
    ctx.fillText(text, x, g.bottom + 6 * u);
  }
  ctx.stroke();
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  for (const [t, text] of up) ctx.fillText(text, g.left - 6 * u, py(t), g.left - 8 * u);
  if (!panel.right) return;
  ctx.textAlign = "left";
  ctx.fillStyle = theme.ink(roleOfRight(panel));
  for (const [t, text] of ticksOf(panel.right, g.h / (42 * u))) ctx.fillText(text, g.left + g.w + 6 * u, pr(t));
}

/** @type {WeakMap<PanelSeries, ReturnType<typeof enlarger>>} */
const fields = new WeakMap();

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {PanelSeries} series
 * @param {Places} at
 * @param {number} frame
 */
function drawSeries(ctx, theme, series, at, frame) {
  const { g, px } = at;
  const u = theme.u;
  if (series.kind === "heat") {
    const draw = fields.get(series) ?? enlarger();
    fields.set(series, draw);
    draw(ctx, series.get("values", frame), series.shape("values").slice(-2), theme.field, { x: g.left, y: g.top, w: g.w, h: g.h });
    return;
  }
  const py = series.right ? at.pr : at.py;
  const [x, y] = [series.get("x", frame), series.get("y", frame)];
  const n = Math.min(x.length, y.length);
  const across = (/** @type {number} */ i) => px(x[i]);
  const up = (/** @type {number} */ i) => Math.min(g.bottom + BEYOND * g.h, Math.max(g.top - BEYOND * g.h, py(y[i])));
  ctx.fillStyle = theme.role(series.role);
  ctx.beginPath();
  if (series.kind === "line") {
    trace(ctx, n, across, up);
    stroke(ctx, theme, series);
  } else if (series.kind === "area") {
    const base = series.get("base", frame);
    area(ctx, n, across, (i) => py(base[base.length > 1 ? i : 0]), up);
    ctx.globalAlpha = theme.fill;
    ctx.fill();
    ctx.globalAlpha = 1;
  } else if (series.kind === "bars") {
    const foot = py(0);
    for (let i = 0; i < n; i++) {
      const [a, b] = [px(x[i] - series.width / 2), px(x[i] + series.width / 2)];
      if (y[i] === y[i]) ctx.fillRect(a + 0.5, Math.min(foot, up(i)), Math.max(1, b - a - 1), Math.max(1, Math.abs(foot - up(i))));
    }
  } else if (series.kind === "arrows") {
    const [dx, dy] = [series.get("dx", frame), series.get("dy", frame)];
    for (let i = 0; i < n; i++) arrow(ctx, across(i), up(i), px(x[i] + dx[i]), py(y[i] + dy[i]), 5 * u);
    stroke(ctx, theme, series);
  } else drawDots(ctx, theme, series, n, across, up, g);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {PanelSeries} series
 * @param {number} n
 * @param {(i: number) => number} across
 * @param {(i: number) => number} up
 * @param {Places["g"]} g
 */
function drawDots(ctx, theme, series, n, across, up, g) {
  const u = theme.u;
  const r = (series.size / 2) * u;
  for (let i = 0; i < n; i++) {
    const [x, y] = [across(i), up(i)];
    if (!(x === x && y === y)) continue;
    ctx.moveTo(x + r, y);
    ctx.arc(x, y, r, 0, 2 * Math.PI);
  }
  ctx.fill();
  if (series.size >= 8) {
    ctx.strokeStyle = theme.back;
    ctx.lineWidth = 1.5 * u;
    ctx.stroke();
  }
  ctx.font = font(theme, SIZES.note, 600);
  ctx.textBaseline = "middle";
  ctx.fillStyle = theme.ink(series.role);
  series.labels.forEach((text, i) => {
    if (!text || i >= n) return;
    const left = across(i) + r + 5 * u + ctx.measureText(text).width > g.left + g.w;
    ctx.textAlign = left ? "right" : "left";
    ctx.fillText(text, across(i) + (left ? -1 : 1) * (r + 5 * u), up(i) - 9 * u);
  });
}

/**
 * The values of all named lines at x: [title, role, value], by linear interpolation.
 *
 * @param {Panel} panel
 * @param {number} frame
 * @param {number} at
 * @returns {[string, string, number][]}
 */
export function readings(panel, frame, at) {
  /** @type {[string, string, number][]} */
  const out = [];
  for (const series of panel.series) {
    if (series.kind !== "line" || !series.title) continue;
    const [x, y] = [series.get("x", frame), series.get("y", frame)];
    for (let i = 1; i < x.length; i++) {
      if (!(x[i - 1] <= at && at <= x[i]) || x[i] === x[i - 1]) continue;
      const value = y[i - 1] + ((y[i] - y[i - 1]) * (at - x[i - 1])) / (x[i] - x[i - 1]);
      if (value === value) out.push([series.title, series.role, value]);
      break;
    }
  }
  return out;
}
