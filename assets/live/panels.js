// The layout of a column of panels: positions, ranges, titles and the values at the right edge.

import { noNoise } from "./plot.js";
import { COLUMN } from "./tokens.js";

/**
 * The positions of the panels in whole pixels: tops and height of their plot rectangles, left and width. The bars are
 * below the `lines` panels of curves and their shared axis.
 *
 * @param {number} count
 * @param {number} lines
 * @param {number} width
 * @param {number} height
 * @param {number} u the text scale
 */
export function placePanels(count, lines, width, height, u) {
  const head = COLUMN.head * u;
  const axis = COLUMN.axis * u;
  const title = COLUMN.title * u;
  const gap = COLUMN.gap * u;
  const left = Math.round(COLUMN.left * u);
  const right = Math.round(COLUMN.right * u);
  const h = Math.max(COLUMN.least, (height - head - axis - count * (title + gap)) / Math.max(1, count));
  const tops = [];
  let y = head;
  for (let i = 0; i < count; i++) {
    if (i === lines) y += axis;
    tops.push(Math.round(y + title));
    y += title + h + gap;
  }
  return { left, w: width - left - right, h: Math.round(h), tops, title, head, right };
}

/**
 * The ends of the iteration axis: a run gets at least a quarter of the width beside an earlier one.
 *
 * @param {import("./types.js").NumberArray | undefined} steps
 * @param {import("./types.js").NumberArray | undefined} before
 */
export function spanOf(steps, before) {
  if (!steps?.length) return [0, 100];
  const [first, now] = [steps[0], steps[steps.length - 1]];
  const then = before?.length ? before[before.length - 1] : 0;
  return [first, Math.max(now, Math.min(then, Math.max(4 * now, COLUMN.least_span)), first + 1)];
}

/**
 * Whether a panel can show a value.
 *
 * @param {import("./types.js").Panel} panel
 */
const shows = (panel) => (/** @type {number} */ v) => Number.isFinite(v) && (!panel.log || v > 0);

/**
 * @param {number[]} sorted
 * @param {number} q
 */
function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))];
}

/**
 * Range of a panel: its fixed ends if given, else the bulk of the data, the last values and the reference lines.
 *
 * @param {import("./types.js").Panel} panel
 * @param {{a: import("./types.js").Arrays} | null} message
 * @param {import("./types.js").Arrays} ghost
 */
export function panelRange(panel, message, ghost = {}) {
  const usable = shows(panel);
  const clean = panel.log ? (/** @type {number} */ v) => v : noNoise;
  const must = panel.lines.map((line) => line.value).filter(usable);
  /** @type {number[]} */
  const values = [];
  const keys = panel.series.map(({ key }) => key);
  for (const { low, high } of panel.bands || []) keys.push(low, high);
  for (const key of keys) {
    const array = message && message.a[key];
    if (!array) continue;
    for (const v of array) if (usable(v)) values.push(clean(v));
    for (const v of ghost[key] || []) if (usable(v)) values.push(clean(v));
    const end = lastOf(panel, array);
    // A curve that has ended, as of a diverged run, must not flatten the others.
    if (end && end.index === array.length - 1) must.push(end.value);
  }
  values.sort((a, b) => a - b);
  // A single early spike must not flatten the rest, so the outermost 1 % may leave the panel.
  if (values.length) must.push(quantile(values, 0.01), quantile(values, 0.99));
  let low = must.length ? Math.min(...must) : panel.log ? 0.1 : 0;
  let high = must.length ? Math.max(...must) : 1;
  if (panel.log) {
    low = 10 ** (Math.log10(low) - 0.1);
    high = 10 ** (Math.log10(high) + 0.1);
    if (high / low < 10) [low, high] = [Math.sqrt((low * high) / 10), Math.sqrt(low * high * 10)];
  } else {
    const span = high - low || Math.abs(high) * 0.2 || 1;
    [low, high] = [low - 0.08 * span, high + 0.08 * span];
  }
  if (panel.low !== null && panel.low !== undefined && usable(panel.low)) low = panel.low;
  if (panel.high !== null && panel.high !== undefined && usable(panel.high)) high = panel.high;
  return high > low ? [low, high] : [low, low + 1];
}

/**
 * The last value that a panel can show, and its index: {index, value}; null if there is none.
 *
 * @param {import("./types.js").Panel} panel
 * @param {import("./types.js").NumberArray} array
 * @param {number} [count] of its values that are considered
 */
export function lastOf(panel, array, count = array.length) {
  const usable = shows(panel);
  for (let i = count - 1; i >= 0; i--) {
    if (usable(array[i])) return { index: i, value: panel.log ? array[i] : noNoise(array[i]) };
  }
  return null;
}

/**
 * The distance of the panel's curves from height y between two x; labels are placed where it is larger.
 *
 * @param {import("./types.js").Panel} panel
 * @param {{a: import("./types.js").Arrays} | null} message
 * @param {number} y
 * @param {number} from
 * @param {number} to
 * @param {(step: number) => number} px
 * @param {(value: number) => number} py
 */
export function clearance(panel, message, y, from, to, px, py) {
  let least = Infinity;
  const steps = message ? message.a.iteration : [];
  for (let i = 0; i < steps.length; i++) {
    const x = px(steps[i]);
    if (x < from || x > to) continue;
    for (const { key } of panel.series) {
      const away = message?.a[key] ? Math.abs(py(message.a[key][i]) - y) : NaN;
      if (away < least) least = away;
    }
  }
  return least;
}

/**
 * Sort `ends` by y and move them so that their texts do not overlap and stay between top and floor.
 *
 * @param {{y: number}[]} ends
 * @param {number} top
 * @param {number} floor
 * @param {number} apart
 */
export function keepApart(ends, top, floor, apart) {
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    end.y = Math.max(end.y, i ? ends[i - 1].y + apart : top);
  });
  for (let i = ends.length - 1; i >= 0; i--) {
    ends[i].y = Math.min(ends[i].y, floor);
    floor = ends[i].y - apart;
  }
}

/**
 * A title up to its first colon or comma outside parentheses.
 *
 * @param {string} title
 */
export function headline(title) {
  let depth = 0;
  for (let i = 0; i < title.length; i++) {
    depth += title[i] === "(" ? 1 : title[i] === ")" ? -1 : 0;
    if (depth === 0 && (title[i] === ":" || title[i] === ",")) return title.slice(0, i);
  }
  return title;
}
