// The column of small panels over iterations, and the bars of mode shares.

import { alpha } from "./theme.js";
import { fit, font, logTicks, power, short, steady, ticks, trace } from "./plot.js";

const DASH = { solid: [], dash: [6, 4], dot: [1.5, 3] };
const WEIGHT = { solid: 1.75, dash: 1.5, dot: 1.5 };

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))];
}

/** Range of a panel: its fixed ends where given, else the bulk of the data, the last values and the lines. */
export function panelRange(panel, message) {
  const usable = (v) => Number.isFinite(v) && (!panel.log || v > 0);
  const must = panel.lines.map((line) => line.value).filter(usable);
  const values = [];
  for (const { key } of panel.series) {
    const array = message && message.a[key];
    if (!array) continue;
    for (const v of array) if (usable(v)) values.push(v);
    for (let i = array.length - 1; i >= 0; i--) {
      if (!usable(array[i])) continue;
      must.push(array[i]);
      break;
    }
  }
  values.sort((a, b) => a - b);
  // One early spike must not flatten the rest, so the outermost 1 % may leave the panel.
  if (values.length) must.push(quantile(values, 0.01), quantile(values, 0.99));
  let low = must.length ? Math.min(...must) : panel.log ? 0.1 : 0;
  let high = must.length ? Math.max(...must) : 1;
  if (panel.log) {
    low = 10 ** (Math.log10(low) - 0.1);
    high = 10 ** (Math.log10(high) + 0.1);
    if (high / low < 10) [low, high] = [Math.sqrt(low * high) / 3.2, Math.sqrt(low * high) * 3.2];
  } else {
    const span = high - low || Math.abs(high) * 0.2 || 1;
    [low, high] = [low - 0.08 * span, high + 0.08 * span];
  }
  if (panel.low !== null && panel.low !== undefined && usable(panel.low)) low = panel.low;
  if (panel.high !== null && panel.high !== undefined && usable(panel.high)) high = panel.high;
  return high > low ? [low, high] : [low, low + 1];
}

/** The column of one scene. resize, then setCurves / setShares, then draw or drawBars. */
export function curvesColumn(scene) {
  // Bars have no iterations below them, so they come last, under the shared axis.
  const panels = [...scene.panels].sort((a, b) => Number(!!a.bars) - Number(!!b.bars));
  const lineCount = panels.filter((panel) => !panel.bars).length;
  let look, width, height, g, ctx;
  let message = null;
  let shares = null;

  function layout() {
    const u = look.u;
    const head = 18 * u;
    const axis = 20 * u;
    const title = 18 * u;
    const gap = 7 * u;
    const left = Math.round(44 * u);
    const right = Math.round(48 * u);
    const room = height - head - axis - panels.length * (title + gap);
    const h = Math.max(24, room / Math.max(1, panels.length));
    const tops = [];
    let y = head;
    panels.forEach((panel, i) => {
      if (i === lineCount) y += axis;
      tops.push(Math.round(y + title));
      y += title + h + gap;
    });
    g = { left, w: width - left - right, h: Math.round(h), tops, title, head, right };
  }

  function drawTitle(panel, top) {
    const u = look.u;
    let x = g.left;
    const y = top - 6 * u;
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = font(look, 12.5, 600);
    ctx.fillStyle = look.text;
    ctx.fillText(panel.title, x, y);
    x += ctx.measureText(panel.title).width + 6 * u;
    ctx.font = font(look, 11.5);
    if (panel.unit) {
      ctx.fillStyle = look.muted;
      ctx.fillText(panel.unit, x, y);
      x += ctx.measureText(panel.unit).width + 6 * u;
    }
    if (panel.bars || panel.series.length < 2) return;
    x += 4 * u;
    for (const series of panel.series) {
      const wide = ctx.measureText(series.title).width;
      if (x + 22 * u + wide > width) return;
      ctx.strokeStyle = ctx.fillStyle = look.role(series.role);
      ctx.lineWidth = 2 * u;
      ctx.setLineDash((DASH[series.dash] || []).map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(x, y - 4 * u);
      ctx.lineTo(x + 16 * u, y - 4 * u);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillText(series.title, x + 20 * u, y);
      x += 32 * u + wide;
    }
  }

  function drawAxes(panel, top, low, high, py) {
    const u = look.u;
    ctx.strokeStyle = look.faint;
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.font = font(look, 11);
    ctx.fillStyle = look.muted;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const count = Math.max(1, Math.min(4, Math.floor(g.h / (22 * u))));
    const list = panel.log ? logTicks(low, high, count + 1) : ticks(low, high, count);
    for (const t of list) {
      const y = Math.round(py(t)) + 0.5;
      ctx.moveTo(g.left, y);
      ctx.lineTo(g.left + g.w, y);
      ctx.fillText(panel.log ? power(Math.round(Math.log10(t))) : short(t), g.left - 6 * u, y);
    }
    ctx.stroke();
    ctx.strokeStyle = look.line;
    ctx.beginPath();
    ctx.moveTo(g.left - 0.5, top);
    ctx.lineTo(g.left - 0.5, top + g.h + 0.5);
    ctx.lineTo(g.left + g.w, top + g.h + 0.5);
    ctx.stroke();
  }

  function drawLines(panel, top, py) {
    const u = look.u;
    ctx.font = font(look, 11);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    let used = -Infinity;
    for (const line of panel.lines) {
      const y = py(line.value);
      if (!(y >= top - 1 && y <= top + g.h + 1)) continue;
      ctx.strokeStyle = look.muted;
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
      ctx.fillStyle = look.back;
      ctx.globalAlpha = 0.75; // curves run under the label, which must stay readable
      ctx.fillRect(g.left + 2 * u, under ? y + 2 * u : y - 14 * u, wide + 4 * u, 12 * u);
      ctx.globalAlpha = 1;
      ctx.fillStyle = look.muted;
      ctx.fillText(line.title, g.left + 4 * u, under ? y + 12 * u : y - 4 * u);
    }
  }

  function drawPanel(panel, top) {
    const u = look.u;
    const [low, high] = panelRange(panel, message);
    const scale = panel.log ? Math.log10 : (v) => v;
    const [bottom, span] = [scale(low), scale(high) - scale(low)];
    const py = (v) => top + g.h - ((scale(v) - bottom) / span) * g.h;
    drawTitle(panel, top);
    drawAxes(panel, top, low, high, py);
    const ends = [];
    const steps = message && message.a.iteration;
    ctx.save();
    ctx.beginPath();
    ctx.rect(g.left, top - 2, g.w + 2, g.h + 4);
    ctx.clip();
    ctx.lineJoin = "round";
    for (const series of steps ? panel.series : []) {
      const array = message.a[series.key];
      if (!array || !array.length) continue;
      ctx.strokeStyle = look.role(series.role);
      ctx.lineWidth = (WEIGHT[series.dash] || 1.75) * u;
      ctx.setLineDash((DASH[series.dash] || []).map((v) => v * u));
      ctx.beginPath();
      trace(ctx, steps.length, (i) => px(steps[i]), (i) => (panel.log && array[i] <= 0 ? NaN : py(array[i])));
      ctx.stroke();
      ctx.setLineDash([]);
      const last = array[array.length - 1];
      if (Number.isFinite(last)) ends.push({ y: py(last), value: last, role: series.role });
    }
    ctx.restore();
    drawLines(panel, top, py);
    drawEnds(ends, top);
  }

  function drawEnds(ends, top) {
    const u = look.u;
    const apart = 13 * u;
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, i) => {
      end.y = Math.max(end.y, i ? ends[i - 1].y + apart : top - 2);
    });
    let floor = top + g.h + 2 * u;
    for (let i = ends.length - 1; i >= 0; i--) {
      ends[i].y = Math.min(ends[i].y, floor);
      floor = ends[i].y - apart;
    }
    ctx.font = font(look, 12, 600);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const end of ends) {
      ctx.fillStyle = look.role(end.role);
      ctx.fillText(steady(end.value), g.left + g.w + 6 * u, end.y);
    }
  }

  function range() {
    const steps = message && message.a.iteration;
    if (!steps || !steps.length) return [0, 100];
    return [steps[0], Math.max(steps[steps.length - 1], steps[0] + 1)];
  }

  const px = (step) => {
    const [from, to] = g.range;
    return g.left + ((step - from) / (to - from)) * g.w;
  };

  function drawSteps() {
    if (!lineCount) return;
    const u = look.u;
    const y = g.tops[lineCount - 1] + g.h;
    ctx.font = font(look, 11);
    ctx.fillStyle = look.muted;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const t of ticks(g.range[0], g.range[1], Math.min(5, g.w / (60 * u)))) {
      if (Number.isInteger(t)) ctx.fillText(short(t), px(t), y + 6 * u);
    }
    ctx.textAlign = "right";
    ctx.fillText("iteration", width, y + 6 * u);
  }

  function drawMarks() {
    if (!message || !lineCount || !message.marks) return;
    const u = look.u;
    const end = g.tops[lineCount - 1] + g.h;
    ctx.font = font(look, 11, 600);
    ctx.textBaseline = "alphabetic";
    let free = Infinity;
    for (const mark of [...message.marks].reverse()) {
      const x = Math.round(px(mark.iteration)) + 0.5;
      if (!(x >= g.left && x <= g.left + g.w + 1)) continue;
      ctx.strokeStyle = alpha(look.rgb.accent, 0.65);
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (let i = 0; i < lineCount; i++) {
        ctx.moveTo(x, g.tops[i]);
        ctx.lineTo(x, g.tops[i] + g.h);
      }
      ctx.moveTo(x, g.head - 4 * u);
      ctx.lineTo(x, Math.min(g.head, end));
      ctx.stroke();
      // The newest words win where there is no room for all.
      const half = ctx.measureText(mark.text).width / 2;
      const centre = Math.min(Math.max(x, g.left + half), width - half);
      if (centre + half + 6 * u > free) continue;
      free = centre - half;
      ctx.textAlign = "center";
      ctx.fillStyle = look.role("accent");
      ctx.fillText(mark.text, centre, g.head - 7 * u);
    }
  }

  function drawBarsPanel(panel, top) {
    const u = look.u;
    ctx.fillStyle = look.back;
    ctx.fillRect(0, top - g.title, width, g.h + g.title + 4);
    const count = scene.modes || (shares ? shares.length : 0);
    if (!count) return;
    const weights = scene.a.mode_weights;
    const fair = (i) => (weights ? weights[i] : 1 / count);
    let largest = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, fair(i));
    const full = Math.min(1, 2.5 * largest);
    const py = (v) => top + g.h - (Math.min(v, full * 1.04) / full) * g.h;
    drawTitle(panel, top);
    drawAxes({ log: false }, top, 0, full, py);
    const step = g.w / count;
    const bar = Math.max(2, Math.min(step * 0.7, 40 * u));
    for (let i = 0; i < count; i++) {
      const x = g.left + step * (i + 0.5) - bar / 2;
      if (shares) {
        const missed = !(shares[i] > 0.1 * fair(i));
        ctx.fillStyle = missed ? look.role("accent") : look.role("G");
        const y = py(shares[i] || 0);
        ctx.fillRect(x, Math.min(y, top + g.h - 2), bar, Math.max(2, top + g.h - y));
      }
      ctx.fillStyle = look.role("data");
      ctx.fillRect(g.left + step * i + 1, Math.round(py(fair(i))), step - 2, 1);
    }
    ctx.font = font(look, 11);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = look.muted;
    if (!weights || largest * count < 1.01) ctx.fillText("fair", g.left + g.w + 6 * u, py(1 / count));
  }

  function drawBars() {
    panels.forEach((panel, i) => panel.bars && drawBarsPanel(panel, g.tops[i]));
  }

  return {
    hasBars: lineCount < panels.length,
    count: panels.length,
    setCurves: (newMessage) => (message = newMessage),
    setShares: (newShares) => (shares = newShares),
    resize(canvas, w, h, newLook) {
      [width, height, look] = [w, h, newLook];
      ctx = fit(canvas, width, height);
      layout();
    },
    /** Plot rectangles in pixels, for the Plotly figure that takes the column's place. */
    geometry: () => ({
      margin: { l: g.left, r: g.right },
      panels: panels.map((panel, i) => ({ id: panel.id, top: g.tops[i], height: g.h })),
    }),
    draw() {
      ctx.fillStyle = look.back;
      ctx.fillRect(0, 0, width, height);
      g.range = range();
      panels.forEach((panel, i) => !panel.bars && drawPanel(panel, g.tops[i]));
      drawSteps();
      drawMarks();
      drawBars();
    },
    drawBars,
  };
}
