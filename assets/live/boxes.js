// The elements of a live view, in page order.

import { el } from "./dom.js";

/**
 * Put a view's elements into its root. Returns the boxes that get sizes, the canvas of curves, and the element over it
 * for their still figure.
 *
 * @param {HTMLElement} root
 * @param {import("./types.js").Renderer} view
 * @param {HTMLElement[]} head above the knobs
 * @param {HTMLElement[]} notices below them
 */
export function build(root, view, head, notices) {
  const small = el("canvas", { class: "gl-canvas", role: "img", "aria-label": view.curvesLabel });
  const place = view.aboveCurves ? el("div", { class: "gl-overlay" }, small) : small;
  const curvesHost = el("div", { class: "gl-still" });
  const boxes = {
    knobs: el("div", { class: "gl-knobs-box" }),
    picture: el("div", { class: "gl-picture" }, ...view.nodes),
    timeline: el("div", {}),
    legend: el("div", view.hasLayers ? { class: "gl-legend-box" } : {}),
    curves: el("div", { class: "gl-curves" }, ...(view.aboveCurves ? [view.aboveCurves] : []), place, curvesHost),
    main: el("div", { class: "gl-main gl-pair" }),
    mark: "",
  };
  const left = el("div", { class: "gl-left" }, boxes.picture, ...(view.records ? [boxes.timeline] : []), ...(view.hasLayers ? [boxes.legend] : []));
  boxes.main.append(left, boxes.curves);
  root.replaceChildren(...head, boxes.knobs, ...notices, ...(view.above ? [view.above] : []), boxes.main);
  return { boxes, small, curvesHost };
}
