// The sheet of samples: ten rows as in Figure 2 with the nearest training images, or fifty samples of one label.

import { el, setText } from "./dom.js";
import { helpButton } from "./help.js";
import { inkOf, sideFor, stamper } from "./mnist_digits.js";
import { density, fit, flood } from "./plot.js";
import { _ } from "./words.js";

const LINE = 1; // CSS pixels between images
const APART = 12; // between the samples and the framed column

/** Columns and rows of the sheet for a label; null is Figure 2. */
const shape = (/** @type {number | null} */ label) => (label === null ? { columns: 11, rows: 10 } : { columns: 10, rows: 5 });

/**
 * {node, head, wide(room, u), resize(width, height, theme), show(message), draw()}. wide: the width of a sheet of this
 * height.
 */
export function samplesSheet() {
  const canvas = el("canvas", { class: "gl-digits", role: "img", "data-testid": "samples", "aria-label": _("Samples of G") });
  const title = el("span", { class: "gl-title", "data-testid": "samples-title" });
  const picker = el("span", { class: "gl-picker", role: "group", "aria-label": _("Which samples"), hidden: "" });
  const caption = el("div", { class: "gl-caption", "data-testid": "samples-caption" });
  const about = helpButton("samples");
  const heading = el("span", { class: "gl-title-box" }, about.node, title);
  const box = el("div", { class: "gl-paper" }, canvas);
  const head = el("div", { class: "gl-head" }, heading, picker);
  const node = el("section", { class: "gl-sheet" }, head, box, caption);
  const stamp = stamper();
  /** @type {import("./types.js").MnistMessage | null} */
  let message = null;
  /** @type {number | null} */
  let label = null;
  /** @type {{ctx: CanvasRenderingContext2D, theme: import("./types.js").Theme, ink: ReturnType<typeof inkOf>} | null} */
  let sized = null; // until it has a size
  let g = { columns: 0, rows: 0, line: 0, apart: 0, rim: 0, side: 0, ratio: 1 };

  const buttons = [null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((value) =>
    el(
      "button",
      {
        class: "gl-pick",
        type: "button",
        "data-testid": `pick-${value ?? "all"}`,
        "aria-pressed": value === null,
        title: value === null ? _("Ten rows of samples, as in Figure 2") : _("Fifty samples of G with the label {value}", { value }),
        onclick: () => choose(value),
      },
      value === null ? _("all") : String(value),
    ),
  );
  picker.append(...buttons);

  /** @param {number | null} value */
  function choose(value) {
    label = value;
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(value === (i ? i - 1 : null))));
    measure();
    draw();
  }

  function measure() {
    const { columns, rows } = shape(label);
    const [w, h] = [canvas.width, canvas.height];
    const ratio = density();
    const line = Math.max(1, Math.round(LINE * ratio));
    const apart = label === null ? Math.round(APART * ratio) : 0;
    const rim = Math.round(2 * ratio); // space for the frame
    const room = Math.min((w - (columns - 1) * line - apart - 2 * rim) / columns, (h - (rows - 1) * line - 2 * rim) / rows);
    g = { columns, rows, line, apart, rim, side: sideFor(room), ratio };
  }

  const corner = (/** @type {number} */ column, /** @type {number} */ row) => ({
    x: g.rim + column * (g.side + g.line) + (column === 10 ? g.apart : 0),
    y: g.rim + row * (g.side + g.line),
  });

  /**
   * The rectangle around the images of columns from ... to.
   *
   * @param {number} from
   * @param {number} to
   * @returns {[x: number, y: number, w: number, h: number]}
   */
  function block(from, to) {
    const [a, b] = [corner(from, 0), corner(to, g.rows - 1)];
    return [a.x - g.line, a.y - g.line, b.x - a.x + g.side + 2 * g.line, b.y - a.y + g.side + 2 * g.line];
  }

  function draw() {
    if (!sized) return;
    const { ctx, theme, ink } = sized;
    flood(ctx, theme.back);
    ctx.save();
    ctx.resetTransform();
    const own = label === null ? 9 : g.columns - 1;
    ctx.fillStyle = theme.faint;
    ctx.fillRect(...block(0, own));
    ctx.fillStyle = label === null ? theme.faint : theme.back;
    if (label === null) ctx.fillRect(...block(10, 10));
    for (let row = 0; row < g.rows; row++) {
      for (let column = 0; column < g.columns; column++) {
        const { x, y } = corner(column, row);
        const [bytes, index] = at(column, row);
        if (bytes) stamp(ctx, ink.table, bytes, index, x, y, g.side);
        else {
          ctx.fillStyle = ink.paper;
          ctx.fillRect(x, y, g.side, g.side);
        }
      }
    }
    if (label === null) {
      ctx.strokeStyle = theme.role("accent");
      ctx.lineWidth = Math.max(1, Math.round(1.5 * g.ratio));
      const [x, y, w, h] = block(10, 10);
      ctx.strokeRect(x, y, w, h);
    }
    ctx.restore();
    say(null);
  }

  /**
   * The images that a cell belongs to, and its index there.
   *
   * @param {number} column
   * @param {number} row
   * @returns {[bytes: import("./types.js").NumberArray | null, index: number]}
   */
  function at(column, row) {
    const all = message?.a;
    if (!all?.samples) return [null, 0];
    if (label !== null) return [all.digits, label * 50 + row * 10 + column];
    return column === 10 ? [all.nearest, row] : [all.samples, row * 10 + column];
  }

  /** @param {number | null} row the mouse is on; null: none */
  function say(row) {
    const apart = message?.a.distance;
    const whole = picker.hidden ? _("Samples of G, and their nearest training images") : _("Samples of G");
    setText(title, label === null ? whole : _("Fifty samples of a {label}", { label }));
    let words = _("The first pictures will appear shortly.");
    if (apart && label !== null) words = _("Each has other latents and the label {label}.", { label });
    else if (apart && row !== null) {
      words = _("Row {row}: the training image nearest to the last sample is at a distance of {apart}.", { row: row + 1, apart: apart[row].toFixed(2) });
    } else if (apart) {
      const [least, most] = [Math.min(...apart), Math.max(...apart)];
      words = _("Framed: the training image nearest to the last sample of its row, at distances of {least} to {most}.", { least: least.toFixed(1), most: most.toFixed(1) });
    }
    setText(caption, words);
  }

  /** @param {PointerEvent} event */
  function pointed(event) {
    if (!sized || label !== null) return;
    const box = canvas.getBoundingClientRect();
    const row = Math.floor((((event.clientY - box.top) / box.height) * canvas.height - g.rim) / (g.side + g.line));
    say(row >= 0 && row < g.rows ? row : null);
  }
  canvas.addEventListener("pointermove", pointed);
  canvas.addEventListener("pointerleave", () => say(null));
  caption.title = _("Euclidean, of images with pixels from 0 to 1");

  return {
    node,
    head,
    /** @param {Record<string, import("./types.js").HelpLine[]>} help */
    explain: ({ samples, nearest }) => about.set(_("shown of G"), [...samples, ...nearest]),
    /** The width of Figure 2 for images with a total height of `height`. */
    wide: (/** @type {number} */ height) => ((height - 13) / 10) * 11 + APART + 14,
    foot: () => node.clientHeight - box.clientHeight,
    /**
     * @param {number} width
     * @param {number} height
     * @param {import("./types.js").Theme} theme
     */
    resize(width, height, theme) {
      sized = { ctx: fit(canvas, width, height), theme, ink: inkOf(theme) };
      measure();
      draw();
    },
    /** @param {import("./types.js").MnistMessage} newMessage */
    show(newMessage) {
      message = newMessage;
      const labelled = Boolean(message.a.digits && message.a.digits.length);
      picker.hidden = !labelled;
      if (!labelled && label !== null) choose(null);
      else draw();
    },
  };
}
