// The column of small panels over iterations, and bars of the moment that is shown.

import { bars } from "./bars.js";
import { placeHelp } from "./help.js";
import { clearance, headline, keepApart, lastOf, panelRange, placePanels, spanOf } from "./panels.js";
import { area, dashesOf, fit, font, logTicks, named, names, power, steady, ticks, trace } from "./plot.js";
import { alpha } from "./theme.js";
import { COLUMN, SIZES } from "./tokens.js";
import { _ } from "./words.js";

const TALL = 105; // px of height, at text scale 1, of a panel that is to be read from afar
const FIRST = ["jsd", "loss", "modes", "value", "w1"]; // which panels are shown if there is no room for all

/** @param {import("./types.js").Series} series */
const dashOf = ({ dash }) => dashesOf(dash);
/** @param {import("./types.js").Series} series */
const widthOf = ({ dash = "solid" }) => (dash === "solid" ? COLUMN.width : COLUMN.dashed);

/**
 * How many of the measured iterations, ascending, are not after `iteration`; all of them if that is null.
 *
 * @param {import("./types.js").NumberArray} steps
 * @param {number | null} iteration
 */
function measuredBy(steps, iteration) {
  if (iteration === null) return steps.length;
  let count = steps.length;
  while (count > 1 && steps[count - 1] > iteration) count -= 1;
  return count;
}

/** @typedef {import("./types.js").NumberArray} NumberArray */
/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{y: number, value: number, role: string}} End of a curve */
/** @typedef {{a: import("./types.js").Arrays, marks: {iteration: number, text: string}[]}} Message */

/**
 * The column of one scene. resize, then setCurves / setBars, then draw or drawBars.
 *
 * @param {{panels: Panel[], axis?: string, modes?: number, a?: import("./types.js").Arrays}} scene
 */
export function curvesColumn(scene) {
  // Bars have no iteration axis, so they come last, below the shared axis.
  const all = [...scene.panels].sort((a, b) => Number(!!a.bars) - Number(!!b.bars));
  let panels = all.filter((panel) => !panel.off);
  let lineCount = panels.filter((panel) => !panel.bars).length;
  let most = Infinity; // panels that are shown
  let [width, height] = [0, 0];
  /** @type {import("./types.js").Theme} */
  let theme;
  /** @type {ReturnType<typeof placePanels> & {range: number[]}} */
  let g;
  /** @type {CanvasRenderingContext2D | null} */
  let made = null; // until it has a size
  /** @type {CanvasRenderingContext2D} */
  let ctx;
  /** @type {Message | null} */
  let message = null;
  /** @type {import("./types.js").Arrays} */
  let heights = {}; // of bars, by name
  /** @type {number | null} */
  let cursor = null; // the iteration of an earlier moment that is shown
  // The curves of the previous run, by the names of this run's curves.
  const ghost = Object.fromEntries(
    Object.entries(scene.a || {}).filter(([name]) => name.startsWith("ghost.")).map(([name, a]) => [name.slice(6), a]),
  );

  /** Show the panels with content: a panel is hidden if a curve that it requires has no value. */
  function choose() {
    const said = (/** @type {string} */ key) => [message?.a[key], ghost[key]].some((a) => a?.some(Number.isFinite));
    const chosen = all.filter((panel) => (message ? !panel.needs || said(panel.needs) : !panel.off));
    const rank = ({ id = "" }) => (FIRST.includes(id) ? FIRST.indexOf(id) : FIRST.length);
    const kept = new Set([...chosen].sort((a, b) => rank(a) - rank(b)).slice(0, most));
    const now = chosen.filter((panel) => kept.has(panel));
    if (now.length === panels.length && now.every((panel, i) => panel === panels[i])) return;
    panels = now;
    lineCount = panels.filter((panel) => !panel.bars).length;
    if (made) place();
  }

  function place() {
    g = { ...placePanels(panels.length, lineCount, width, height, theme.u), range: [0, 1] };
    const at = (/** @type {number} */ i) => ({ x: g.left - 14 * theme.u, y: g.tops[i] - 10 * theme.u });
    const about = (/** @type {Panel} */ panel) => ({ id: panel.id, what: headline(panel.title), lines: panel.help });
    placeHelp(ctx.canvas, panels.map((panel, i) => ({ ...about(panel), ...at(i) })));
  }

  /**
   * @param {Panel} panel
   * @param {number} top
   */
  function drawTitle(panel, top) {
    const u = theme.u;
    let x = g.left;
    const y = top - 6 * u;
    const bands = (panel.bands || []).filter((band) => band.title).map((band) => ({ key: "", title: "", ...band, role: panel.role ?? "muted" }));
    const lines = panel.bars || panel.keys === false || panel.series.length + bands.length < 2 ? [] : panel.series;
    const keys = [...lines, ...bands.reverse()];
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = font(theme, SIZES.unit);
    const unit = panel.unit ? ctx.measureText(panel.unit).width + 6 * u : 0;
    const key = keys.reduce((sum, series) => sum + ctx.measureText(series.title).width + 32 * u, 0);
    ctx.font = font(theme, SIZES.title, 600);
    const room = width - x - 10 * u - key;
    const fits = (/** @type {string} */ text) => ctx.measureText(text).width <= room;
    const title = fits(panel.title) ? panel.title : headline(panel.title);
    ctx.fillStyle = theme.text;
    ctx.fillText(title, x, y);
    x += ctx.measureText(title).width + 6 * u;
    ctx.font = font(theme, SIZES.unit);
    if (unit && x + unit + key < width) {
      ctx.fillStyle = theme.muted;
      ctx.fillText(panel.unit ?? "", x, y);
      x += unit;
    }
    x += 4 * u;
    for (const series of keys) {
      const wide = ctx.measureText(series.title).width;
      if (x + 20 * u + wide > width) return;
      ctx.strokeStyle = theme.role(series.role);
      ctx.fillStyle = theme.ink(series.role);
      ctx.lineWidth = (series.opacity ? 9 : 2) * u;
      ctx.globalAlpha = series.opacity || 1;
      ctx.setLineDash(dashOf(series).map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(x, y - 4 * u);
      ctx.lineTo(x + 16 * u, y - 4 * u);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.fillText(series.title, x + 20 * u, y);
      x += 32 * u + wide;
    }
  }

  /**
   * @param {{log?: boolean}} panel
   * @param {number} top
   * @param {number} low
   * @param {number} high
   * @param {(value: number) => number} py
   * @param {number} [h] the height, if it is not that of a panel
   */
  function drawAxes(panel, top, low, high, py, h = g.h) {
    const u = theme.u;
    ctx.strokeStyle = theme.faint;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const count = Math.max(1, Math.min(4, Math.floor(h / (22 * u))));
    let list = panel.log ? logTicks(low, high, count + 1) : ticks(low, high, count);
    if (list.length < 2 && !panel.log) list = ticks(low, high, count + 1);
    const texts = panel.log ? list.map((t) => power(Math.round(Math.log10(t)))) : names(list);
    list.forEach((t, i) => {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(g.left, y);
      ctx.lineTo(g.left + g.w, y);
      ctx.fillText(texts[i], g.left - 6 * u, y, g.left - 6 * u);
    });
    ctx.stroke();
    ctx.strokeStyle = theme.line;
    ctx.beginPath();
    ctx.moveTo(g.left - 0.5, top);
    ctx.lineTo(g.left - 0.5, top + h + 0.5);
    ctx.lineTo(g.left + g.w, top + h + 0.5);
    ctx.stroke();
  }

  /**
   * @param {Panel} panel
   * @param {number} top
   * @param {(value: number) => number} py
   */
  function drawLines(panel, top, py) {
    const u = theme.u;
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    let used = -Infinity;
    for (const line of panel.lines) {
      const y = py(line.value);
      if (!(y >= top - 1 && y <= top + g.h + 1)) continue;
      ctx.strokeStyle = theme.muted;
      ctx.lineWidth = 1;
      ctx.setLineDash([2 * u, 3 * u]);
      ctx.beginPath();
      ctx.moveTo(g.left, Math.round(y) + 0.5);
      ctx.lineTo(g.left + g.w, Math.round(y) + 0.5);
      ctx.stroke();
      ctx.setLineDash([]);
      if (Math.abs(y - used) < 12 * u) continue;
      used = y;
      const under = y - top < 13 * u;
      const wide = ctx.measureText(line.title).width;
      const [start, end] = [g.left + 5 * u, g.left + g.w - 5 * u - wide];
      const middle = under ? y + 8 * u : y - 8 * u;
      const space = (/** @type {number} */ x) => clearance(panel, message, middle, x - 4, x + wide + 4, px, py);
      const x = space(end) > space(start) ? end : start;
      ctx.fillStyle = theme.back;
      ctx.globalAlpha = 0.7; // keeps the label readable if curves pass behind it
      ctx.fillRect(x - 2 * u, middle - 6 * u, wide + 4 * u, 12 * u);
      ctx.globalAlpha = 1;
      ctx.fillStyle = theme.muted;
      ctx.fillText(line.title, x, middle + 4 * u);
    }
  }

  /**
   * @param {Panel} panel
   * @param {number} top
   */
  function drawPanel(panel, top) {
    const u = theme.u;
    const [low, high] = panelRange(panel, message, ghost);
    const scale = panel.log ? Math.log10 : (/** @type {number} */ v) => v;
    const [bottom, span] = [scale(low), scale(high) - scale(low)];
    const py = (/** @type {number} */ v) => top + g.h - ((scale(v) - bottom) / span) * g.h;
    drawTitle(panel, top);
    drawAxes(panel, top, low, high, py);
    /** @type {End[]} */
    const ends = [];
    const all = message?.a ?? {};
    const steps = all.iteration;
    const known = steps ? measuredBy(steps, cursor) : 0;
    ctx.save();
    ctx.beginPath();
    ctx.rect(g.left, top - 2, g.w + 3 * u, g.h + 4);
    ctx.clip();
    ctx.lineJoin = "round";
    for (const { low: from, high: to, opacity } of (steps ? panel.bands : null) ?? []) {
      ctx.beginPath();
      area(ctx, steps.length, (i) => px(steps[i]), (i) => py(all[from][i]), (i) => py(all[to][i]));
      ctx.fillStyle = alpha(theme.rgb[panel.role ?? "G"], opacity);
      ctx.fill();
    }
    const line = (/** @type {import("./types.js").Series} */ series, /** @type {NumberArray} */ x, /** @type {NumberArray} */ y) => {
      ctx.strokeStyle = theme.role(series.role);
      ctx.lineWidth = widthOf(series) * u;
      ctx.setLineDash(dashOf(series).map((v) => v * u));
      ctx.beginPath();
      trace(ctx, x.length, (i) => px(x[i]), (i) => (panel.log && y[i] <= 0 ? NaN : py(y[i])));
      ctx.stroke();
      ctx.setLineDash([]);
    };
    ctx.globalAlpha = COLUMN.ghost_alpha;
    for (const series of ghost.iteration ? panel.series : []) {
      if (ghost[series.key]) line(series, ghost.iteration, ghost[series.key]);
    }
    ctx.globalAlpha = 1;
    for (const series of steps ? panel.series : []) {
      const array = all[series.key];
      if (!array || !array.length) continue;
      line(series, steps, array);
      const last = lastOf(panel, array, known);
      if (!last) continue;
      ends.push({ y: py(last.value), value: last.value, role: series.role });
      ctx.fillStyle = theme.role(series.role);
      ctx.beginPath();
      ctx.arc(px(steps[last.index]), py(last.value), 2.5 * u, 0, 2 * Math.PI);
      ctx.fill();
    }
    if (cursor !== null) drawCursor(cursor, top);
    ctx.restore();
    drawLines(panel, top, py);
    drawEnds(ends, top);
  }

  /**
   * Dim what came after the moment that is shown.
   *
   * @param {number} at its iteration
   * @param {number} top
   */
  function drawCursor(at, top) {
    const x = Math.round(px(at)) + 0.5;
    ctx.fillStyle = theme.back;
    ctx.globalAlpha = COLUMN.later;
    ctx.fillRect(x, top - 2, g.left + g.w + 3 * theme.u - x, g.h + 1);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.text;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(x, top - 2);
    ctx.lineTo(x, top + g.h);
    ctx.stroke();
  }

  /**
   * @param {End[]} ends
   * @param {number} top
   */
  function drawEnds(ends, top) {
    const u = theme.u;
    keepApart(ends, top - 2, top + g.h + 2 * u, COLUMN.apart * u);
    ctx.font = font(theme, SIZES.value, 600);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const end of ends) {
      ctx.fillStyle = theme.ink(end.role);
      // The last argument narrows text that is too wide, so that it is never cut.
      ctx.fillText(steady(end.value), g.left + g.w + 6 * u, end.y, g.right - 6 * u);
    }
  }

  const px = (/** @type {number} */ step) => {
    const [from, to] = g.range;
    return g.left + ((step - from) / (to - from)) * g.w;
  };

  function drawSteps() {
    if (!lineCount) return;
    const u = theme.u;
    const y = g.tops[lineCount - 1] + g.h;
    ctx.font = font(theme, SIZES.panel_axis);
    ctx.fillStyle = theme.muted;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    const word = scene.axis || _("iteration"); // an integer: no ticks at halves
    const end = width - ctx.measureText(word).width - 3 * u;
    for (const [t, text] of named(ticks(g.range[0], g.range[1], Math.min(5, g.w / (60 * u))))) {
      const fits = px(t) + ctx.measureText(text).width / 2 < end;
      if ((scene.axis || Number.isInteger(t)) && fits) ctx.fillText(text, px(t), y + 6 * u);
    }
    ctx.textAlign = "right";
    ctx.fillText(word, width, y + 6 * u);
  }

  function drawMarks() {
    if (!message || !lineCount || !message.marks) return;
    const u = theme.u;
    const end = g.tops[lineCount - 1] + g.h;
    ctx.font = font(theme, SIZES.panel_axis, 600);
    ctx.textBaseline = "alphabetic";
    let free = Infinity;
    for (const mark of [...message.marks].reverse()) {
      const x = Math.round(px(Math.max(mark.iteration, g.range[0]))) + 0.5; // a restart's mark is at 0
      if (!(x >= g.left && x <= g.left + g.w + 1)) continue;
      ctx.strokeStyle = alpha(theme.rgb.accent, COLUMN.mark_alpha);
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (let i = 0; i < lineCount; i++) {
        ctx.moveTo(x, g.tops[i]);
        ctx.lineTo(x, g.tops[i] + g.h);
      }
      ctx.moveTo(x, g.head - 4 * u);
      ctx.lineTo(x, Math.min(g.head, end));
      ctx.stroke();
      // If texts collide, the newest is kept.
      const half = ctx.measureText(mark.text).width / 2;
      const centre = Math.min(Math.max(x, g.left + half), width - half);
      if (centre + half + 6 * u > free) continue;
      free = centre - half;
      ctx.textAlign = "center";
      ctx.fillStyle = theme.ink("accent");
      ctx.fillText(mark.text, centre, g.head - 7 * u);
    }
  }

  function drawBars() {
    panels.forEach((panel, i) => {
      if (!panel.bars) return;
      const top = g.tops[i];
      ctx.fillStyle = theme.back;
      ctx.fillRect(0, top - g.title, width, g.h + g.title + 4);
      const [shares, weights] = [heights[panel.bars], scene.a?.[panel.against ?? ""]];
      const of = { shares, weights, count: weights?.length ?? shares?.length ?? scene.modes, ends: panel.ends };
      bars(ctx, theme, of, { left: g.left, top, w: g.w, h: g.h }, (full, py, h) => {
        drawTitle(panel, top);
        drawAxes({ log: false }, top, 0, full, py, h);
      });
    });
  }

  return {
    count: all.length,
    /** Where a panel is on the canvas, with its title; null if it is not shown. @param {string} id */
    where(id) {
      const at = panels.findIndex((panel) => panel.id === id);
      return at < 0 || !g ? null : { x: 0, y: g.tops[at] - g.title, width, height: g.h + g.title };
    },
    /** @param {Message} newMessage */
    setCurves(newMessage) {
      message = newMessage;
      choose();
    },
    /**
     * Show the values at an iteration, and dim what came later; null: the newest ones. Returns whether that is new.
     *
     * @param {number | null} iteration
     */
    setCursor(iteration) {
      const moved = cursor !== iteration;
      cursor = iteration;
      return moved;
    },
    /**
     * Take the heights of bars among a frame's arrays; returns whether there are some.
     *
     * @param {import("./types.js").Arrays} arrays
     */
    setBars(arrays) {
      const found = all.flatMap(({ bars: name }) => (name && arrays[name] ? [[name, arrays[name]]] : []));
      heights = { ...heights, ...Object.fromEntries(found) };
      return found.length > 0;
    },
    /**
     * @param {HTMLCanvasElement} canvas
     * @param {number} w
     * @param {number} h
     * @param {import("./types.js").Theme} newTheme
     */
    resize(canvas, w, h, newTheme, far = false) {
      [width, height, theme] = [w, h, newTheme];
      most = far ? Math.max(1, Math.floor(h / (TALL * theme.u))) : Infinity;
      choose();
      made = ctx = fit(canvas, width, height);
      place();
    },
    draw() {
      ctx.fillStyle = theme.back;
      ctx.fillRect(0, 0, width, height);
      g.range = spanOf(message?.a.iteration, ghost.iteration);
      panels.forEach((panel, i) => !panel.bars && drawPanel(panel, g.tops[i]));
      drawSteps();
      drawMarks();
      drawBars();
    },
    drawBars,
  };
}
