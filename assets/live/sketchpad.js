// Drawing p_data by hand, over the picture of a lab.
//
// sketchpad(view) -> {button, on(), scene(scene), status(message), key(event), layout(theme), close()}

import { barButton } from "./clock.js";
import { el, fillTrack, setText } from "./dom.js";
import { fit } from "./plot.js";
import { curveSheet } from "./sheet_curve.js";
import { inkSheet } from "./sheet_ink.js";
import { versions } from "./strokes.js";
import { _ } from "./words.js";

/** @typedef {import("./types.js").Sheet} Sheet */
/** @typedef {import("./types.js").Scene} Scene */

const THINNEST = 1; // pixels of the drawing: the width of the pen
const THICKEST = 16;
const BLANK = _("Nothing is drawn yet.");
const WIDTH = 4;

/**
 * box(): the element that the picture is in; playing(): whether the run plays; theme(): of the view.
 *
 * @param {object} view
 * @param {() => HTMLElement} view.box
 * @param {(command: import("./types.js").Command) => boolean} view.send
 * @param {() => boolean} view.playing
 * @param {() => import("./types.js").Theme} view.theme
 * @param {() => void} view.changed it was opened or closed
 */
export function sketchpad({ box, send, playing, theme, changed }) {
  /** @type {Scene | null} */
  let scene = null;
  /** @type {Sheet | null} */
  let sheet = null; // while it is open
  let resumes = false; // whether the run goes on afterwards
  let sent = false; // whether the drawing is on its way
  let drawing = false; // whether a pointer draws
  let erase = false;
  let raf = 0;
  /** @type {CanvasRenderingContext2D | null} */
  let ctx = null;
  const past = versions((/** @type {number[] | Uint8Array} */ values) => /** @type {number[] | Uint8Array} */ (values.slice()));

  const button = el("button", {
    class: "gl-layer gl-sketch-open",
    type: "button",
    "data-testid": "draw-data",
    title: _("Draw p_data yourself, with the mouse, a finger or a pen"),
    "aria-label": _("Draw p_data"),
    onclick: () => open(),
  });

  // ---- its bar
  const tool = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ act, /** @type {string} */ text) => {
    const one = barButton(`sketch-${id}`, title, act, text);
    one.classList.add("gl-small");
    return one;
  };
  const brush = tool("brush", _("Draw (B)"), () => take(false), _("Brush"));
  const eraser = tool("eraser", _("Erase (E)"), () => take(true), _("Eraser"));
  const size = el("input", {
    class: "gl-range", type: "range", min: THINNEST, max: THICKEST, step: 1, value: WIDTH, "data-testid": "sketch-size",
    "aria-label": _("Width of the brush"), title: _("Width of the brush ([ and ])"), oninput: () => widen(0),
  });
  const pens = el("div", { class: "gl-group gl-sketch-pens", role: "group", "aria-label": _("Pen") }, brush, eraser, size);
  const undo = tool("undo", _("Undo (Ctrl+Z)"), () => turn("undo"), _("Undo"));
  const redo = tool("redo", _("Redo (Ctrl+Y or Ctrl+Shift+Z)"), () => turn("redo"), _("Redo"));
  const clear = tool("clear", _("Begin with nothing (Delete)"), () => wipe(), _("Clear"));
  const cancel = tool("cancel", _("Leave p_data as it was (Esc)"), () => shut(true), _("Cancel"));
  const use = tool("use", _("Train on this drawing (Enter)"), () => give(), _("Use"));
  use.classList.add("gl-sketch-go");
  const bar = el("div", { class: "gl-sketch-bar", role: "toolbar", "aria-label": _("Draw p_data") },
    pens, el("div", { class: "gl-group" }, undo, redo, clear), el("div", { class: "gl-group gl-last" }, cancel, use));
  const words = el("p", { class: "gl-sketch-says", "data-testid": "sketch-says" });
  const why = el("p", { class: "gl-sketch-why", role: "alert", "data-testid": "sketch-why", hidden: "" });
  const canvas = el("canvas", { class: "gl-canvas", tabindex: 0, role: "application", "data-testid": "sketch", "aria-label": _("Drawing of p_data") });
  const paper = el("div", { class: "gl-sketch-paper" }, canvas);
  const spoken = el("div", { class: "gl-spoken", role: "status" });
  const node = el("div", { class: "gl-sketch", role: "group", "aria-label": _("Draw p_data") }, bar, words, why, paper, spoken);

  /** @param {string} text */
  function say(text) {
    setText(why, text);
    why.hidden = !text;
    layout();
  }

  function show() {
    raf ||= requestAnimationFrame(() => {
      raf = 0;
      if (sheet && ctx) sheet.draw(ctx, canvas.matches(":focus-visible"));
    });
  }

  function mark() {
    const can = past.can();
    [undo.disabled, redo.disabled] = [!can.undo, !can.redo];
    brush.setAttribute("aria-pressed", String(!erase));
    eraser.setAttribute("aria-pressed", String(erase));
    fillTrack(size);
    size.setAttribute("aria-valuetext", _("{value} pixels", { value: size.value }));
    show();
  }

  /** A new state of the drawing, to which the error of the last one no longer applies. */
  function touched() {
    sent = false;
    if (!why.hidden) say("");
    mark();
  }

  // ---- what the buttons and keys do
  /** @param {boolean} erases */
  function take(erases) {
    erase = erases;
    sheet?.pen?.(Number(size.value), erase);
    mark();
  }

  /** @param {number} by */
  function widen(by) {
    size.value = String(Math.min(THICKEST, Math.max(THINNEST, Number(size.value) + by)));
    take(erase);
  }

  /** @param {"undo" | "redo"} way */
  function turn(way) {
    const found = sheet && past[way](sheet.values());
    if (!found) return;
    sheet?.set(found);
    touched();
  }

  function wipe() {
    if (!sheet || sheet.blank()) return;
    past.keep(sheet.values());
    sheet.clear();
    touched();
  }

  function give() {
    if (!sheet || sent) return;
    if (sheet.blank()) return say(BLANK);
    if (scene?.drawing?.own && sheet.same()) return shut(true);
    sent = send(sheet.command());
    if (!sent) say(_("There is no connection to the server at the moment: try again."));
  }

  function open() {
    const about = scene?.drawing;
    if (!about || sheet || !scene) return;
    sheet = about.kind === "curve" ? curveSheet(about) : inkSheet(about, scene);
    resumes = playing();
    if (resumes) send({ cmd: "pause" });
    [sent, drawing] = [false, false];
    past.forget();
    pens.hidden = !sheet.sized;
    setText(words, sheet.hint);
    canvas.setAttribute("aria-description", sheet.hint);
    setText(why, "");
    why.hidden = true;
    box().append(node);
    take(false);
    changed();
    layout();
    canvas.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }

  /** @param {boolean} plays whether the run may go on */
  function shut(plays) {
    if (!sheet) return;
    sheet = null;
    node.remove();
    if (plays && resumes) send({ cmd: "play" });
    changed();
    button.focus();
  }

  function layout() {
    if (!sheet || !node.isConnected) return;
    const { width, height } = paper.getBoundingClientRect();
    ctx = fit(canvas, width, height);
    sheet.resize(width, height, theme());
    sheet.draw(ctx, canvas.matches(":focus-visible"));
  }

  // ---- the pointer
  /** @type {(event: PointerEvent) => [number, number]} */
  const place = (event) => {
    const at = canvas.getBoundingClientRect();
    return [event.clientX - at.left, event.clientY - at.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!sheet || event.button > 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    past.keep(sheet.values());
    drawing = true;
    sheet.begin(...place(event));
    touched();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!sheet) return;
    if (drawing) {
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length ? all : [event]) sheet.move(...place(one));
    } else sheet.point(place(event));
    show();
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "pointerleave"])) {
    canvas.addEventListener(end, (event) => {
      if (end !== "pointerleave") drawing = false;
      if (end !== "pointerup" || event.pointerType !== "mouse") sheet?.point(null);
      show();
    });
  }
  // A quick stroke must not count as a fling, after which browsers ignore the next tap.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, show);

  // ---- the keyboard
  node.addEventListener("keydown", (event) => {
    const letter = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(letter)) return;
    event.preventDefault();
    event.stopPropagation();
    turn(letter === "y" || event.shiftKey ? "redo" : "undo");
  });

  /** @param {KeyboardEvent} event */
  function act(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const free = target === canvas || !node.contains(target);
    /** @type {Record<string, (() => void) | undefined>} */
    const keys = {
      Escape: () => shut(true),
      Enter: target.tagName === "BUTTON" && node.contains(target) ? undefined : give,
      Delete: wipe,
      ...(sheet?.sized ? { "[": () => widen(-1), "]": () => widen(1), b: () => take(false), e: () => take(true) } : {}),
    };
    const known = keys[event.key];
    if (known) {
      known();
      return true;
    }
    const change = free ? sheet?.key(event.key) : null;
    if (!sheet || !change) return false;
    const before = sheet.values().slice();
    change();
    if (before.some((value, i) => value !== sheet?.values()[i])) past.keep(before);
    setText(spoken, sheet.says());
    touched();
    return true;
  }

  return {
    button,
    on: () => sheet !== null,
    /** @param {Scene} next */
    scene(next) {
      scene = next;
      button.hidden = !next.drawing;
      const own = next.drawing?.own ?? false;
      button.classList.toggle("gl-sketch-own", own);
      setText(button, own ? _("✎ Draw") : "✎");
      if (sheet && sent && own) shut(true);
    },
    /** @param {import("./types.js").Status} message */
    status(message) {
      if (!sent || !sheet || message.refused?.field !== "p_data") return;
      sent = false;
      say(message.refused.why);
    },
    /** Handle a key; returns whether it was used. While it is open all keys belong to it. @param {KeyboardEvent} event */
    key: act,
    layout,
    close: () => cancelAnimationFrame(raf),
  };
}
