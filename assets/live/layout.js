// Sizes: the view fills its parent's width and the rest of the window's height.

import { PLANE } from "./tokens.js";

const NARROW = 760; // px of width below which the curves are below the picture
const TIGHT = 1000; // px of width below which a lab's toolbar has fewer words
const LEAST = 480; // px of height
const INSIDE = { least: 560, most: 720, share: 0.8 }; // px of height of a view in another document, and of its width
const LOWEST = 60; // px of a picture: less only while the style sheet is not there
const FOOT = 10; // px of free space at the bottom
const SPARE = 2; // px beside a square picture, so that rounding does not shrink it
const LESSON = { least: 330, most: 450, share: 0.24 }; // px of a lesson beside the view, and of the width
const LARGE = 2.55; // the text scale of a presented view
const EDGE = { x: 16, y: 10 }; // px around a presented view
const PHONE = { least: 300, share: 0.5 }; // px of height of a picture above the curves, and its share of the window
const SHARE = 0.63; // the largest share of the width for the pictures

/**
 * The text scale of a view with this width in pixels: 1 to 1.4, in steps of 0.05.
 *
 * @param {number} width
 * @param {number} height
 */
export const scaleFor = (width, height) =>
  Math.round(20 * Math.min(1.4, Math.max(1, Math.min(width / 1050, height / 600)))) / 20;

/**
 * The width of a square picture whose axes fit into a height of `height` pixels.
 *
 * @param {number[][]} box the axes' ends
 * @param {number} height
 * @param {number} u
 */
export function planeWidth(box, height, u) {
  const [x, y] = box;
  const tall = height - (PLANE.below + PLANE.pad) * u;
  return tall * ((x[1] - x[0]) / (y[1] - y[0])) + (PLANE.left + PLANE.pad + SPARE) * u;
}

/**
 * The text scale of a presented view: its smallest labels have 28 px on a screen of 1920 × 1080.
 *
 * @param {number} width
 * @param {number} height
 */
export const scaleOnScreen = (width, height) => Math.round(20 * Math.max(1, LARGE * Math.min(width / 1920, height / 1080))) / 20;

/** @param {HTMLElement} root */
function topOf(root) {
  let top = root.getBoundingClientRect().top;
  for (let node = root.parentElement; node; node = node.parentElement) top += node.scrollTop;
  return top;
}

/**
 * The height of a view inside of another document: data-height, or by its width if that is 0.
 *
 * @param {string} own
 * @param {number} width
 */
const insideHeight = (own, width) => Number(own) || Math.round(Math.min(INSIDE.most, Math.max(INSIDE.least, width * INSIDE.share)));

/**
 * The space for a presented view: the window.
 *
 * @param {HTMLElement} root
 * @returns {import("./types.js").Room}
 */
function screen(root) {
  const { innerWidth, innerHeight } = window;
  const read = root.classList.contains("gl-taught") && root.classList.contains("gl-with-text");
  const beside = read ? Math.round(innerWidth / 3) : 0;
  const [width, height] = [innerWidth - 2 * EDGE.x - beside, innerHeight - EDGE.y];
  return { width, height, window: innerHeight, narrow: false, beside, u: scaleOnScreen(innerWidth, innerHeight), alone: root.classList.contains("gl-alone") };
}

/**
 * The space for a view, in CSS pixels, or null while the page is hidden.
 *
 * @param {HTMLElement} root
 * @param {number} [least] of its height
 * @returns {import("./types.js").Room | null}
 */
export function roomOf(root, least = LEAST) {
  const whole = root.clientWidth;
  if (!(whole > 0) || !root.isConnected) return null;
  if (root.classList.contains("gl-presenting")) return screen(root);
  const beside = root.classList.contains("gl-taught") ? Math.round(Math.min(LESSON.most, Math.max(LESSON.least, LESSON.share * whole))) : 0;
  const width = whole - beside < NARROW ? whole : whole - beside;
  const own = root.dataset.height;
  const height = own ? insideHeight(own, width) : Math.max(least, Math.floor(window.innerHeight - topOf(root) - FOOT));
  return { width, height, window: window.innerHeight, narrow: whole - beside < NARROW, beside, u: scaleFor(width, height) };
}

/**
 * Set the variables and the height that the root's style sheet needs.
 *
 * @param {HTMLElement} root
 * @param {import("./types.js").Room} room
 */
export function applyRoom(root, { width, height, narrow, beside = 0, u }) {
  root.style.setProperty("--gl-lesson", String(narrow ? LESSON.least : beside));
  root.style.setProperty("--gl-u", String(u));
  root.classList.toggle("gl-narrow", narrow);
  root.classList.toggle("gl-tight", !narrow && width < TIGHT);
  root.style.height = narrow ? "auto" : `${height}px`;
}

/**
 * Sizes of the picture and of the curves.
 *
 * @param {import("./types.js").Room} room
 * @param {object} what
 * @param {number[][] | null} what.box the axes' ends of a square picture; null: a picture of any shape
 * @param {number} what.panels of curves
 * @param {number} what.top pixels above both
 * @param {(width: number) => {width: number, height: number}} what.legend its words in one row, and its height in a width
 * @param {((height: number, u: number) => number) | undefined} [what.need] the width that square pictures can use
 * @param {number} [what.share] of the width that the pictures may have
 * @returns {{picture: import("./types.js").Size, curves: import("./types.js").Size}}
 */
export function plan(room, { box, panels, top, legend, need, share = SHARE }) {
  const { width, u } = room;
  if (room.narrow) {
    // It stays in view above the controls, which need room.
    const tall = Math.max(Math.min(PHONE.least, room.window * PHONE.share), Math.min(width * (box ? 1 : 0.72), room.window * PHONE.share));
    return {
      picture: { width, height: Math.round(tall) },
      curves: { width, height: Math.round(panels * 104 * u) },
    };
  }
  const gap = Math.round(18 * u);
  const rest = Math.max(200, room.height - top);
  const most = Math.round((width - gap) * share);
  if (!panels) {
    const words = legend(width);
    return { picture: { width, height: Math.max(LOWEST, rest - words.height) }, curves: { width: 0, height: rest } };
  }
  const words = legend(room.alone ? width : most);
  const tall = Math.max(LOWEST, rest - words.height);
  // Curves that are not shown keep a size, because they are drawn.
  if (room.alone) return { picture: { width, height: tall }, curves: { width: most, height: rest } };
  let wide = most;
  if (box) {
    // A square picture takes only the width that it and its legend need: the rest is for the curves.
    const needed = need ? need(tall, u) : Math.round(planeWidth(box, tall, u));
    wide = Math.min(most, Math.max(needed, words.width));
  }
  return {
    picture: { width: wide, height: tall },
    curves: { width: width - gap - wide, height: rest },
  };
}

/**
 * Height of the legend in a given width, and the width of its words in one row.
 *
 * @param {HTMLElement} box
 * @param {number} width
 */
function legendSize(box, width) {
  box.style.width = `${width}px`;
  let wide = 0;
  const row = box.querySelector("button, a")?.parentElement;
  const words = [...(row?.children ?? [])].filter((word) => word.getBoundingClientRect().width > 0);
  for (const word of words) {
    const style = getComputedStyle(word);
    wide += word.getBoundingClientRect().width + (parseFloat(style.marginLeft) || 0) + (parseFloat(style.marginRight) || 0);
  }
  const gap = row ? parseFloat(getComputedStyle(row).columnGap) || 0 : 0;
  return { height: box.offsetHeight, width: Math.ceil(wide + gap * Math.max(0, words.length - 1)) + 1 };
}

/**
 * Set the boxes' sizes. Returns {u: text scale, picture: {width, height}, curves: {…}, same}, or null while the page
 * is hidden. `same`: whether nothing has changed since the last call.
 *
 * @param {HTMLElement} root
 * @param {import("./types.js").Boxes} boxes
 * @param {{box: number[][] | null, panels: number, need?: (height: number, u: number) => number, share?: number}} what
 */
export function arrange(root, boxes, what) {
  const room = roomOf(root);
  if (!room) return null;
  applyRoom(root, room);
  const { picture, curves } = plan(room, {
    ...what,
    top: boxes.main.offsetTop,
    legend: (width) => {
      const words = legendSize(boxes.legend, width);
      boxes.timeline.style.width = `${width}px`;
      return { ...words, height: words.height + boxes.timeline.offsetHeight };
    },
  });
  for (const [node, size] of /** @type {[HTMLElement, import("./types.js").Size][]} */ ([[boxes.picture, picture], [boxes.curves, curves]])) {
    node.style.width = `${size.width}px`;
    node.style.height = `${size.height}px`;
  }
  boxes.legend.style.width = boxes.timeline.style.width = `${picture.width}px`;
  const mark = JSON.stringify([room.u, picture, curves, window.devicePixelRatio]);
  const same = boxes.mark === mark;
  boxes.mark = mark;
  return { u: room.u, narrow: room.narrow, picture, curves, same };
}
