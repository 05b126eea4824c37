// One of the runs side by side: its letter, what it differs in, its picture, and what became of it.

import { el, setText } from "./dom.js";
import { picture1d } from "./draw1d.js";
import { picture2d } from "./draw2d.js";
import { fit, opaque, steady } from "./plot.js";

export const LETTERS = "ABCD";
const DASHES = ["", "7 4", "2 3", "9 3 2 3"]; // as the curves' are

/** What run i of a message is given, under its own names: arrays x.i as x. */
export function part(message, i) {
  const end = `.${i}`;
  const pick = (all) =>
    Object.fromEntries(
      Object.entries(all).filter(([name]) => name.endsWith(end)).map(([name, v]) => [name.slice(0, -end.length), v]),
    );
  return { ...message, ...(message.runs ? message.runs[i] : {}), a: pick(message.a), shape: pick(message.shape) };
}

/** One entry of the curves' legend: a sample of the line, and what the run differs in. */
export function legendEntry(i) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const put = { x1: 0, x2: "100%", y1: 2, y2: 2, stroke: "currentColor", "stroke-width": 2.5, "stroke-dasharray": DASHES[i] };
  for (const [name, value] of Object.entries(put)) line.setAttribute(name, value);
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  const words = el("span");
  const node = el("span", { class: "gl-said-run", "data-run": i, "data-testid": `legend-${i}` }, svg, words);
  const say = (label) => {
    setText(words, label);
    node.title = label;
  };
  return { node, say };
}

/**
 * The cell of run i of a scene; act(name) is asked for what its head's buttons do. {node, host, resize(look, hidden),
 * draw(frame), status(run)}; host: where the still figure goes.
 */
export function cell(scene, i, act) {
  const own = part(scene, i);
  const picture = own.dim === 1 ? picture1d(own) : picture2d(own);
  const letter = LETTERS[i];
  const tool = (name, sign, title) =>
    el(
      "button",
      {
        class: "gl-tool",
        type: "button",
        "data-testid": `${name}-${i}`,
        title,
        "aria-label": title,
        onclick: (event) => {
          if (event.detail > 0) event.currentTarget.blur();
          act(name);
        },
      },
      sign,
    );
  const tools = [];
  if (i > 0) {
    const left = LETTERS[i - 1];
    tools.push(tool("copy", `${left}→${letter}`, `Copy left to right: give ${letter} what ${left} has`));
    tools.push(tool("swap", `${left}⇄${letter}`, `Swap ${left} and ${letter}`));
  }
  if (scene.runs.length > 2) tools.push(tool("drop", "×", `Remove run ${letter}`));
  const label = el("span", { class: "gl-cell-label", "data-testid": `label-${i}` }, own.label);
  const score = el("span", { class: "gl-cell-score", title: "JSD(p_data, p_g) in nats" });
  const lost = el("div", { class: "gl-lost", role: "alert", "data-testid": `lost-${i}`, hidden: "" });
  const canvas = el("canvas", { class: "gl-canvas", role: "img", "aria-label": `Data, generator and discriminator of run ${letter}` });
  const host = el("div", { class: "gl-still" });
  const box = el("div", { class: "gl-cell-picture" }, canvas, host, lost);
  const head = el(
    "div",
    { class: "gl-cell-head" },
    el("span", { class: "gl-chip", "aria-label": `Run ${letter}` }, letter),
    label,
    score,
    el("span", { class: "gl-cell-tools" }, ...tools),
  );
  const node = el("section", { class: "gl-cell", "data-run": i, "data-testid": `run-${i}` }, head, box);
  label.title = own.label;
  return {
    node,
    host,
    canvas,
    resize(look, hidden) {
      const [width, height] = [box.clientWidth, box.clientHeight];
      if (!(width > 0 && height > 0)) return;
      fit(canvas, width, height);
      picture.resize(width, height, look, hidden);
    },
    size: () => ({ width: box.clientWidth, height: box.clientHeight }),
    draw: (frame) => picture.draw(opaque(canvas), frame && part(frame, i)),
    status(run) {
      setText(label, run.label);
      label.title = run.label;
      setText(lost, run.lost);
      lost.hidden = !run.lost;
      node.toggleAttribute("data-lost", Boolean(run.lost));
      setText(score, typeof run.jsd === "number" ? `JSD ${steady(run.jsd)}` : "");
    },
  };
}
