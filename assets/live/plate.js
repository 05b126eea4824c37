// One moment of one run, or of several, as a picture of a given size: pictures, curves, legend, and numbers.
//
// The entry of what `ganlab.pictures` executes: the messages are those of the live view, without a page around them.

import { images, page, widths } from "./paper.js";
import { drawShares, heightAbove, LETTERS, part } from "./cell.js";
import { curvesColumn } from "./curves.js";
import { pictureOf } from "./pictures.js";
import { plan, planeWidth, scaleFor } from "./layout.js";
import { drawKey, drawNumbers, drawRuns, legendRows } from "./plate_words.js";
import { atDensity, fit, flood } from "./plot.js";
import { asSvg } from "./svg.js";
import { themeOf } from "./theme.js";
import { decode } from "./wire.js";

const EDGE = 12; // px around everything, at text scale 1
const HEAD = 28; // px of the row of numbers, and of a run's heading
const ROW = 20; // px of a row of the legend, of the runs' names, or of a message
const GAP = 14; // px between two runs
const WIDEST = 0.7; // of the width, for a row of squares

/** @typedef {import("./types.js").Scene} Scene */
/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {{theme: "light" | "dark", font: string, width: number, height: number, sharp: number, hidden: string[],
 *   parts: "all" | "picture" | "curves", about: string, lost: boolean, widths: typeof widths}} Settings */
/** @typedef {{node: any, x: number, y: number}} Sheet */

/** @type {Settings} */
let settings;
/** @type {Scene} */
let scene;
/** @type {Scene[]} of each run */
let runs;
/** @type {ReturnType<typeof curvesColumn>} */
let column;
/** @type {import("./types.js").Picture[]} */
let pictures;
/** @type {Frame & {lost?: string, moving?: boolean}} moving: whether it is one of a film's */
let frame;
/** @type {Sheet[]} */
let sheets = [];

/**
 * Columns and rows of the runs' pictures.
 *
 * @returns {[columns: number, rows: number]}
 */
const grid = () => [Math.min(2, runs.length), Math.ceil(runs.length / 2)];

/**
 * The boxes of all parts in CSS pixels, and the text scale.
 *
 * @param {import("./types.js").Theme} theme
 */
function lay(theme) {
  const { width, height, parts, lost } = settings;
  const u = theme.u;
  const [edge, head] = [EDGE * u, HEAD * u + (lost ? ROW * u : 0)];
  const inner = { x: edge, y: edge + head, w: width - 2 * edge, h: height - 2 * edge - head };
  const several = runs.length > 1;
  const [columns, rows] = grid();
  const square = scene.dim === 2;
  const rest = (/** @type {number} */ w) => ROW * u * legendRows(theme, scene.layers, settings.hidden, w);
  const need = (/** @type {number} */ tall) => {
    const side = (tall - (rows - 1) * 8 * u) / rows - HEAD * u;
    return columns * planeWidth(scene.box, side, u) + (columns - 1) * GAP * u;
  };
  let [wide, beside] = [inner.w, inner.w];
  if (parts === "all") {
    const made = plan(
      { width: inner.w, height: inner.h, window: height, narrow: false, u },
      {
        box: square ? scene.box : null,
        panels: column.count,
        top: 0,
        legend: (w) => ({ width: 0, height: rest(w) }),
        ...(several ? { need } : {}),
        ...(several && square && rows === 1 ? { share: WIDEST } : {}),
      },
    );
    [wide, beside] = [made.picture.width, made.curves.width];
  }
  const tall = inner.h - rest(wide);
  const [w, h] = [(wide - (columns - 1) * GAP * u) / columns, (tall - (rows - 1) * 8 * u) / rows];
  const cells = runs.map((_, i) => ({
    x: inner.x + (i % columns) * (w + GAP * u),
    y: inner.y + Math.floor(i / columns) * (h + 8 * u),
    w,
    h,
  }));
  const names = several ? ROW * u : 0;
  const curves = { x: inner.x + inner.w - beside, y: inner.y + names, w: beside, h: inner.h - names };
  return { edge, cells, curves, key: { x: inner.x, y: inner.y + tall, w: wide, h: rest(wide) } };
}

/**
 * A canvas at a place, of its size in CSS pixels.
 *
 * @param {Box} box
 */
function sheet(box) {
  const node = page();
  const [x, y, w, h] = [Math.round(box.x), Math.round(box.y), Math.floor(box.w), Math.floor(box.h)];
  [node.x, node.y] = [x, y];
  sheets.push({ node, x, y });
  return { node, w, h, ctx: fit(node, w, h) };
}

/** Draw everything. */
function draw() {
  sheets = [];
  const theme = themeOf(settings.theme, settings.font);
  theme.u = scaleFor(settings.width, settings.height);
  const { u } = theme;
  const g = lay(theme);
  const hidden = new Set(settings.hidden);
  const { ctx } = sheet({ x: 0, y: 0, w: settings.width, h: settings.height });
  flood(ctx, theme.back);
  drawNumbers(ctx, theme, { x: g.edge, y: g.edge, w: settings.width - 2 * g.edge, h: HEAD * u }, frame, settings.about);
  if (settings.parts !== "curves") {
    g.cells.forEach((cell, i) => {
      const top = runs.length > 1 ? HEAD * u : 0;
      if (top) drawRuns.head(ctx, theme, cell, LETTERS[i], frame.runs?.[i] ?? {});
      const [room, now] = [cell.h - top, runs.length > 1 ? part(frame, i) : frame];
      const h = top ? heightAbove(runs[i], cell.w, room, u) : room;
      const own = sheet({ ...cell, y: cell.y + top, h });
      pictures[i].resize(own.w, own.h, theme, hidden);
      pictures[i].draw(own.ctx, now);
      if (h === room) return;
      const below = sheet({ ...cell, y: cell.y + top + h, h: room - h });
      drawShares(below.ctx, theme, runs[i], now.a.shares, below.w, below.h);
    });
    drawKey(ctx, theme, g.key, scene, settings.hidden);
  }
  if (settings.parts !== "picture") {
    if (runs.length > 1) drawRuns.names(ctx, theme, { ...g.curves, y: g.curves.y - ROW * u, h: ROW * u }, scene.runs);
    const own = sheet(g.curves);
    column.resize(own.node, own.w, own.h, theme);
    column.setBars(frame.a);
    column.setCursor(frame.moving ? frame.iteration : null);
    column.draw();
  }
}

const message = () => /** @type {any} */ (decode(/** @type {any} */ (globalThis).inbox.buffer));

Object.assign(globalThis, {
  /** @param {Settings} given */
  open(given) {
    settings = given;
    Object.assign(widths, given.widths);
    return 0;
  },
  /** Begin with the scene in the inbox. */
  scene() {
    scene = message();
    runs = scene.runs ? scene.runs.map((_, i) => part(scene, i)) : [scene];
    column = curvesColumn(scene);
    pictures = runs.map(pictureOf);
    return 0;
  },
  /** Take all curves from the inbox. */
  curves() {
    column.setCurves(message());
    return 0;
  },
  /** Draw the frame in the inbox: the place of each canvas, and its shapes; the number of images. */
  frame() {
    frame = message();
    images.length = 0;
    atDensity(settings.sharp, draw, true);
    return JSON.stringify([sheets.map(({ node, x, y }) => [x, y, node.shapes]), images.length]);
  },
  /** The last frame as SVG. */
  svg() {
    images.length = 0;
    const back = themeOf(settings.theme).back;
    Object.assign(globalThis, { getComputedStyle: () => ({ getPropertyValue: () => back }) });
    const root = /** @type {any} */ ({ querySelectorAll: () => sheets.map(({ node }) => node) });
    return asSvg(root, draw);
  },
  /** @param {number} i */
  pixels: (i) => new Uint8Array(images[i].data.buffer),
  /** @param {number} i */
  sizeOf: (i) => [images[i].width, images[i].height],
});
