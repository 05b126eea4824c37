// The words of a picture for a file: numbers above it, the legend below it, the names of several runs.

import { LETTERS } from "./cell.js";
import { arrow, dashesOf, font, steady } from "./plot.js";
import { RUN_DASHES, SIZES } from "./tokens.js";
import { _ } from "./words.js";

const SAMPLE = 22; // px of a layer's sample, at text scale 1
const APART = 16; // px between two words
const ROW = 20;
const DOTS = new Set(["real", "fake"]);
const THIN = new Set(["d_star", "map", "manifold", "average", "cycle"]);
/** @type {Record<string, number[]>} */
const DASHED = { d: [6, 4], p_data: [0.1, 5] };

/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {CanvasRenderingContext2D} Ctx */
/** @typedef {import("./types.js").Layer} Layer */

const probe = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(1, 1).getContext("2d"));

/**
 * @param {Theme} theme
 * @param {string} text
 * @param {number} [weight]
 */
function wide(theme, text, weight = 400) {
  probe.font = font(theme, SIZES.value, weight);
  return probe.measureText(text).width;
}

/**
 * The legend's words in rows of at most `width` pixels: each row with its width.
 *
 * @param {Theme} theme
 * @param {Layer[]} layers
 * @param {number} width
 */
function rowsOf(theme, layers, width) {
  const u = theme.u;
  /** @type {{width: number, words: {layer: Layer, x: number}[]}[]} */
  const rows = [{ width: 0, words: [] }];
  for (const layer of layers) {
    const own = (SAMPLE + 6) * u + wide(theme, layer.title);
    let row = rows[rows.length - 1];
    const x = row.words.length ? row.width + APART * u : 0;
    if (row.words.length && x + own > width) rows.push((row = { width: 0, words: [] }));
    row.words.push({ layer, x: row.words.length ? x : 0 });
    row.width = (row.words.length > 1 ? x : 0) + own;
  }
  return rows;
}

const shown = (/** @type {Layer[]} */ layers, /** @type {string[]} */ hidden) => layers.filter(({ id }) => !hidden.includes(id));

/**
 * The number of rows of the legend.
 *
 * @param {Theme} theme
 * @param {Layer[]} layers
 * @param {string[]} hidden
 * @param {number} width
 */
export const legendRows = (theme, layers, hidden, width) => rowsOf(theme, shown(layers, hidden), width).length;

/**
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {Layer} layer
 * @param {boolean} plane
 * @param {number} x
 * @param {number} y
 */
function sample(ctx, theme, { id, role }, plane, x, y) {
  const u = theme.u;
  const wide = SAMPLE * u;
  ctx.strokeStyle = ctx.fillStyle = theme.role(role);
  if (DOTS.has(id)) {
    ctx.beginPath();
    ctx.moveTo(x + wide / 2 + 3.5 * u, y);
    ctx.arc(x + wide / 2, y, 3.5 * u, 0, 2 * Math.PI);
    ctx.fill();
    return;
  }
  if (plane && id === "d") {
    const colours = new Uint8Array(theme.field.buffer);
    for (let i = 0; i < 16; i++) {
      ctx.fillStyle = `rgb(${colours.slice(68 * i, 68 * i + 3).join(",")})`;
      ctx.fillRect(x + (i * wide) / 16, y - 5 * u, wide / 16 + 0.5, 10 * u);
    }
    return;
  }
  ctx.lineWidth = (THIN.has(id) ? 1.1 : id === "gradient" ? 1.6 : 2.5) * u;
  ctx.lineCap = id === "p_data" ? "round" : "butt";
  ctx.setLineDash((DASHED[id] ?? []).map((v) => v * u));
  ctx.beginPath();
  if (id === "gradient") arrow(ctx, x, y, x + wide, y, 6 * u);
  else {
    ctx.moveTo(x, y);
    ctx.lineTo(x + wide, y);
  }
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineCap = "butt";
}

/**
 * The legend of the pictures, its rows centred in a box.
 *
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {Box} box
 * @param {{layers: Layer[], dim: number}} scene
 * @param {string[]} hidden
 */
export function drawKey(ctx, theme, box, { layers, dim }, hidden) {
  const u = theme.u;
  rowsOf(theme, shown(layers, hidden), box.w).forEach((row, i) => {
    const [left, y] = [box.x + (box.w - row.width) / 2, box.y + (i + 0.55) * ROW * u];
    for (const { layer, x } of row.words) {
      sample(ctx, theme, layer, dim === 2, left + x, y);
      ctx.font = font(theme, SIZES.value);
      ctx.textAlign = "left";
      ctx.textBaseline = "middle";
      ctx.fillStyle = theme.text;
      ctx.fillText(layer.title, left + x + (SAMPLE + 6) * u, y);
    }
  });
}

/**
 * The iteration and the measured numbers on the left, the setting on the right, why a run has stopped below them.
 *
 * @param {Ctx} ctx
 * @param {Theme} theme
 * @param {Box} box
 * @param {any} frame with `iteration`, `numbers`: [name, value, unit], and `lost`
 * @param {string} about
 */
export function drawNumbers(ctx, theme, box, { iteration, numbers = [], lost }, about) {
  const u = theme.u;
  const y = box.y + 0.4 * box.h;
  let x = box.x;
  const say = (/** @type {string} */ text, /** @type {string} */ colour, /** @type {number} */ weight, apart = 5) => {
    ctx.font = font(theme, SIZES.letter, weight);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
    x += ctx.measureText(text).width + apart * u;
  };
  say(_("iteration"), theme.muted, 400);
  say(String(iteration).replace(/\B(?=(\d{3})+$)/g, ","), theme.text, 600, 18);
  for (const [name, value, unit] of numbers) {
    say(name, theme.muted, 400);
    say(value === null ? "–" : steady(value), theme.ink("G"), 600);
    say(unit, theme.muted, 400, 18);
  }
  ctx.font = font(theme, SIZES.value);
  ctx.textAlign = "right";
  ctx.fillStyle = theme.muted;
  const room = box.x + box.w - x;
  if (room > 40 * u) ctx.fillText(about, box.x + box.w, y, room);
  if (!lost) return;
  ctx.font = font(theme, SIZES.value, 600);
  ctx.textAlign = "left";
  ctx.fillStyle = theme.ink("accent");
  ctx.fillText(lost, box.x, box.y + box.h + 6 * u, box.w);
}

export const drawRuns = {
  /**
   * The heading of one run: its letter, its label, its JSD, or why it has stopped.
   *
   * @param {Ctx} ctx
   * @param {Theme} theme
   * @param {Box} box
   * @param {string} letter
   * @param {any} run with `label`, `jsd` and `lost`
   */
  head(ctx, theme, box, letter, { label, jsd, lost }) {
    const u = theme.u;
    const y = box.y + 13 * u;
    ctx.textBaseline = "middle";
    ctx.font = font(theme, SIZES.value, 600);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.role(`run${LETTERS.indexOf(letter)}`);
    ctx.fillRect(box.x, y - 8 * u, 16 * u, 16 * u);
    ctx.fillStyle = theme.back;
    ctx.textAlign = "center";
    ctx.fillText(letter, box.x + 8 * u, y);
    const score = lost ? "diverged" : typeof jsd === "number" ? `JSD ${steady(jsd)}` : "";
    ctx.textAlign = "right";
    ctx.fillStyle = lost ? theme.ink("accent") : theme.muted;
    ctx.fillText(score, box.x + box.w, y);
    ctx.textAlign = "left";
    ctx.fillStyle = theme.text;
    ctx.fillText(label, box.x + 23 * u, y, box.w - 30 * u - ctx.measureText(score).width);
  },
  /**
   * The legend above the curves of several runs.
   *
   * @param {Ctx} ctx
   * @param {Theme} theme
   * @param {Box} box
   * @param {{label: string}[]} runs
   */
  names(ctx, theme, box, runs) {
    const u = theme.u;
    const each = box.w / runs.length;
    runs.forEach(({ label }, i) => {
      const [x, y] = [box.x + i * each, box.y + box.h / 2];
      ctx.strokeStyle = theme.role(`run${i}`);
      ctx.lineWidth = 2.5 * u;
      ctx.setLineDash(dashesOf(RUN_DASHES[i]).map((v) => v * u));
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x + SAMPLE * u, y);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.font = font(theme, SIZES.value, 600);
      ctx.textAlign = "left";
      ctx.textBaseline = "middle";
      ctx.fillStyle = theme.ink(`run${i}`);
      ctx.fillText(label, x + (SAMPLE + 6) * u, y, each - (SAMPLE + 14) * u);
    });
  },
};
