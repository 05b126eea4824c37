// One run of a comparison: its letter, its values of the fields that differ, its picture, and its state.

import { bars } from "./bars.js";
import { el, pushButton, setText } from "./dom.js";
import { pictureOf } from "./pictures.js";
import { dashesOf, fit, flood, font, opaque, steady } from "./plot.js";
import { RUN_DASHES, SIZES } from "./tokens.js";
import { _ } from "./words.js";

export const LETTERS = "ABCD";
const LEAST_BARS = 84; // px of height, at text scale 1, below which the bars are left out

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Theme} Theme */
/** @typedef {import("./types.js").Scene} Scene */

/**
 * The part of a message for run i, with plain names: array x.i as x.
 *
 * @template {Frame | Scene} M
 * @param {M} message
 * @param {number} i
 * @returns {M}
 */
export function part(message, i) {
  const end = `.${i}`;
  const pick = (/** @type {Record<string, any>} */ all) =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => name.endsWith(end)).map(([name, v]) => [name.slice(0, -end.length), v]),
    );
  return { ...message, ...(message.runs ? message.runs[i] : {}), a: pick(message.a), shape: pick(message.shape) };
}

/**
 * The height of a square picture in a box, so that the shares of modes have room below it; else that of the box.
 *
 * @param {Scene} scene of one run
 * @param {number} width
 * @param {number} whole
 * @param {number} u
 */
export function heightAbove(scene, width, whole, u) {
  if (scene.dim !== 2 || !(scene.modes > 1)) return whole;
  const [x, y] = scene.box;
  const height = Math.min(whole, Math.round(((width - 46 * u) * (y[1] - y[0])) / (x[1] - x[0]) + 34 * u));
  return whole - height < LEAST_BARS * u ? whole : height;
}

/**
 * Draw the shares of modes on a canvas of their own.
 *
 * @param {CanvasRenderingContext2D} ctx
 * @param {Theme} theme
 * @param {Scene} scene of one run
 * @param {import("./types.js").NumberArray | undefined} shares
 * @param {number} width
 * @param {number} height
 */
export function drawShares(ctx, theme, scene, shares, width, height) {
  const { u } = theme;
  flood(ctx, theme.back);
  const place = { left: 36 * u, top: 26 * u, w: width - 80 * u, h: height - 34 * u };
  bars(ctx, theme, { shares, weights: scene.a?.mode_weights, count: scene.modes }, place, () => {
    ctx.font = font(theme, SIZES.title, 600);
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.fillStyle = theme.text;
    ctx.fillText(_("share of each mode"), place.left, place.top - 8 * u);
    ctx.fillStyle = theme.line;
    ctx.fillRect(place.left, place.top + place.h, place.w, 1);
  });
}

/**
 * One entry of the curves' legend: a sample of the line, and the run's values of the fields that differ.
 *
 * @param {number} i
 * @param {string} label
 */
export function legendEntry(i, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const put = { x1: 0, x2: "100%", y1: 2, y2: 2, stroke: "currentColor", "stroke-width": 2.5, "stroke-dasharray": dashesOf(RUN_DASHES[i]).join(" ") };
  for (const [name, value] of Object.entries(put)) line.setAttribute(name, String(value));
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  const words = el("span");
  const node = el("span", { class: "gl-said-run", "data-run": i, "data-testid": `legend-${i}` }, svg, words);
  const say = (/** @type {string} */ text) => {
    setText(words, text);
    node.title = text;
  };
  say(label);
  return { node, say };
}

/**
 * The cell of run i of a scene; act(name) is called by the buttons in its heading. Returns {node, host,
 * resize(theme, hidden), draw(frame), status(run)}; host: the element for the still figure.
 *
 * @param {Scene} scene
 * @param {number} i
 * @param {((name: string) => void) | null} act null: there are no buttons
 */
export function cell(scene, i, act) {
  const own = part(scene, i);
  const picture = pictureOf(own);
  const letter = LETTERS[i];
  const tool = (/** @type {string} */ name, /** @type {string} */ sign, /** @type {string} */ title) =>
    pushButton(
      { class: "gl-tool", "data-testid": `${name}-${i}`, title, "aria-label": title },
      () => act?.(name),
      sign,
    );
  const tools = [];
  if (act && i > 0) {
    const left = LETTERS[i - 1];
    tools.push(tool("copy", `${left}→${letter}`, _("Run {letter}: copy {left}", { letter, left })));
    tools.push(tool("swap", `${left}⇄${letter}`, _("Run {letter}: swap with {left}", { letter, left })));
  }
  if (act && scene.runs.length > 2) tools.push(tool("drop", "×", _("Run {letter}: remove", { letter })));
  const label = el("span", { class: "gl-cell-label", "data-testid": `label-${i}` }, own.label ?? "");
  const score = el("span", { class: "gl-cell-score", title: _("JSD(p_data, p_g) in nats") });
  const lost = el("div", { class: "gl-lost", role: "alert", "data-testid": `lost-${i}`, hidden: "" });
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": _("Data, generator and discriminator of run {letter}", { letter }) });
  const host = el("div", { class: "gl-still" });
  const below = el("canvas", { class: "gl-canvas", role: "img", "aria-label": _("Share of each mode of run {letter}", { letter }) });
  const box = el("div", { class: "gl-cell-picture" }, canvas, below, host, lost);
  /** @type {Theme | null} */
  let theme = null;
  let room = 0; // height of the bars

  /**
   * The shares of modes are drawn below a square picture if there is room.
   *
   * @param {Theme} theme
   * @param {Frame | null} frame
   */
  function drawBars(theme, frame) {
    const ctx = opaque(below);
    drawShares(ctx, theme, own, frame?.a.shares, below.clientWidth, room);
  }
  const head = el(
    "div",
    { class: "gl-cell-head" },
    el("span", { class: "gl-chip", "aria-label": _("Run {letter}", { letter }) }, letter),
    label,
    score,
    el("span", { class: "gl-cell-tools" }, ...tools),
  );
  const node = el("section", { class: "gl-cell", "data-run": i, "data-testid": `run-${i}` }, head, box);
  label.title = own.label ?? "";
  return {
    node,
    host,
    canvas,
    /**
     * @param {Theme} newTheme
     * @param {Set<string>} hidden
     */
    resize(newTheme, hidden) {
      const [width, whole] = [box.clientWidth, box.clientHeight];
      if (!(width > 0 && whole > 0)) return;
      theme = newTheme;
      const height = heightAbove(own, width, whole, newTheme.u);
      room = whole - height;
      below.hidden = room === 0;
      if (room) {
        below.style.top = `${height}px`;
        fit(below, width, room);
      }
      host.style.bottom = `${room}px`;
      fit(canvas, width, height);
      picture.resize(width, height, newTheme, hidden);
    },
    size: () => ({ width: box.clientWidth, height: box.clientHeight - room }),
    /** @param {Frame | null} frame */
    draw(frame) {
      if (!theme) return; // the cell has had no size yet
      const mine = frame && part(frame, i);
      picture.draw(opaque(canvas), mine);
      if (room) drawBars(theme, mine);
    },
    /** @param {import("./types.js").RunNow} run */
    status(run) {
      setText(label, run.label);
      label.title = run.label;
      setText(lost, run.lost);
      lost.hidden = !run.lost;
      node.toggleAttribute("data-lost", Boolean(run.lost));
    },
    /** @param {number | null | undefined} jsd */
    score: (jsd) => setText(score, typeof jsd === "number" ? _("JSD {steady}", { steady: steady(jsd) }) : ""),
  };
}
