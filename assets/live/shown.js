// An interactive panel of the page of theory: handles, drawing, and reading values under the pointer.

import { el } from "./dom.js";
import { handle } from "./handles.js";
import { fit, steady } from "./plot.js";
import { drawPanel, places, readings } from "./shown_panel.js";
import { sweep } from "./strokes.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").ShownPanel} Panel */
/** @typedef {import("./types.js").PanelHandle} PanelHandle */
/** @typedef {import("./types.js").Theme} Theme */

const round = (/** @type {number} */ value) => +value.toPrecision(4) || 0;
const within = (/** @type {number} */ value, /** @type {[number, number]} */ [low, high]) => Math.min(high, Math.max(low, value));

/**
 * turn(change): set parameters, as texts by name. Returns {node, show(panel), resize(width, height, theme), draw(frame),
 * pencil(param)}: the pointer draws this curve from now on; "" for none.
 *
 * @param {string} name of the panel
 * @param {(change: Record<string, string | null>) => void} turn
 */
export function shownPanel(name, turn) {
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "data-testid": `panel-${name}` });
  const points = el("div", { class: "gl-points" });
  const reading = el("div", { class: "gl-reading", "data-testid": `reading-${name}`, hidden: "" });
  const node = el("div", { class: "gl-picture gl-shown" }, canvas, points, reading);
  /** @type {Panel | null} */
  let panel = null;
  /** @type {ReturnType<typeof places> | null} */
  let at = null;
  /** @type {CanvasRenderingContext2D | null} */
  let ctx = null;
  /** @type {Theme | null} */
  let theme = null;
  let ahead = false; // whether a handle may have been moved since this answer was asked for
  let width = 0;
  let frame = 0;
  let drawing = ""; // the parameter whose curve the pointer draws
  /** @type {number[]} */
  let heights = [];
  /** @type {{at: number, height: number} | null} */
  let last = null; // the last point of the stroke
  /** @type {{one: ReturnType<typeof handle>, where: [number, number]}[]} */
  let handles = [];
  let made = ""; // identifies the handles

  /** @param {number} index */
  function put(index) {
    const about = panel?.handles[index];
    if (!about) return;
    const { one, where } = handles[index];
    one.put(...where);
    const says = [about.x, about.y].flatMap((param, axis) => (param ? [steady(about.signs[axis] * (where[axis] - about.origin[axis]))] : []));
    one.node.setAttribute("aria-label", _("{label}: {says}. Arrow keys move it", { label: about.label, says: says.join(", ") }));
    one.node.title = _("{label}: drag it", { label: about.label });
    one.node.style.setProperty("--gl-r", `var(--gl-${about.role})`);
  }

  /**
   * @param {number} index
   * @param {number} x
   * @param {number} y
   */
  function move(index, x, y) {
    const about = panel?.handles[index];
    if (!about) return;
    const { where } = handles[index];
    /** @type {Record<string, string>} */
    const change = {};
    /** @type {[string | null, [number, number] | null, number][]} */
    const both = [[about.x, about.x_ends, x], [about.y, about.y_ends, y]];
    both.forEach(([param, ends, to], axis) => {
      if (!param || !ends) return;
      const value = within(round(about.signs[axis] * (to - about.origin[axis])), ends);
      where[axis] = about.signs[axis] * value + about.origin[axis];
      change[param] = String(value);
    });
    put(index);
    turn(change);
  }

  function fill() {
    if (!panel) return;
    const kinds = JSON.stringify(panel.handles.map(({ x, y }) => [x, y]));
    if (kinds !== made) {
      made = kinds;
      handles = panel.handles.map(({ x, y }, index) => ({
        where: [0, 0],
        one: handle({
          id: `handle-${[x, y].filter(Boolean).join("-")}`,
          layer: points,
          places: () => at,
          value: () => handles[index].where,
          move: (px, py) => move(index, px, py),
        }),
      }));
      points.replaceChildren(...handles.map(({ one }) => one.node));
    }
    handles.forEach(({ one, where }, index) => {
      // What the user moves is ahead of the answers, in the directions in which it can move.
      const about = /** @type {Panel} */ (panel).handles[index];
      const free = [about.x, about.y];
      about.at.forEach((value, axis) => {
        if (!free[axis] || !(ahead || one.held())) where[axis] = value;
      });
      put(index);
    });
  }

  // ---- the pointer over the picture
  const place = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** @param {PointerEvent} event */
  function read(event) {
    if (!panel || !at || drawing) return void (reading.hidden = true);
    const [px, py] = place(event);
    const { g } = at;
    const inside = px >= g.left && px <= g.left + g.w && py >= g.top && py <= g.bottom;
    const x = at.x(px);
    const values = inside ? readings(panel, frame, x) : [];
    reading.hidden = !values.length;
    if (inside && panel.cursor && !handles.some(({ one }) => one.held())) turn({ [panel.cursor]: String(round(x)) });
    if (!values.length) return;
    reading.replaceChildren(
      el("b", {}, `${panel.x.label} = ${steady(x)}`),
      ...values.map(([title, role, value]) => el("span", { style: `color: var(--gl-${role}-ink)` }, `${title} ${steady(value)}`)),
    );
    const right = px > g.left + g.w / 2;
    reading.style.left = right ? "" : `${px + 14}px`;
    reading.style.right = right ? `${canvas.clientWidth - px + 14}px` : "";
    reading.style.top = `${g.top + 4}px`;
  }

  /** @param {PointerEvent} event */
  function stroke(event) {
    if (!panel || !at) return;
    const about = panel.draws.find(({ param }) => param === drawing);
    if (!about) return;
    const [px, py] = place(event);
    const share = (at.x(px) - panel.x.low) / (panel.x.high - panel.x.low);
    const index = Math.round(within(share, [0, 1]) * (heights.length - 1));
    const height = +within(at.y(py), [about.low, Math.min(about.high, panel.y.high)]).toFixed(2);
    const now = { at: index, height };
    sweep(heights, last, now, (value) => +value.toFixed(2));
    last = now;
    turn({ [drawing]: heights.join(",") });
  }

  canvas.addEventListener("pointerdown", (event) => {
    const about = panel?.draws.find(({ param }) => param === drawing);
    if (!about) return void read(event);
    canvas.setPointerCapture(event.pointerId);
    heights = about.now.map((value) => +value.toFixed(3));
    last = null;
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => (heights.length ? stroke(event) : read(event)));
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(end, () => (heights = []));
  canvas.addEventListener("pointerleave", () => (reading.hidden = true));

  return {
    node,
    /**
     * @param {Panel} next
     * @param {boolean} newest whether it has all that was moved
     */
    show(next, newest) {
      [panel, ahead] = [next, !newest];
      canvas.setAttribute("aria-label", _("{title}: {label} against {label2}", { title: panel.title, label: panel.y.label, label2: panel.x.label }));
      node.dataset.cursor = panel.cursor ?? "";
    },
    /** @param {string} param */
    pencil(param) {
      drawing = panel?.draws.some((one) => one.param === param) ? param : "";
      node.classList.toggle("gl-drawing", Boolean(drawing));
      points.hidden = Boolean(drawing);
    },
    /**
     * @param {number} wide
     * @param {number} high
     * @param {Theme} newTheme
     */
    resize(wide, high, newTheme) {
      if (!panel) return;
      [width, theme] = [wide, newTheme];
      node.style.width = `${wide}px`;
      node.style.height = `${high}px`;
      ctx = fit(canvas, wide, high);
      at = places(ctx, theme, panel, wide, high);
      fill();
    },
    /** @param {number} now */
    draw(now) {
      frame = now;
      if (ctx && theme && panel && at) drawPanel(ctx, theme, panel, at, frame, width);
    },
  };
}
