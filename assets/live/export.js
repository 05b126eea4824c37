// The Export menu: the code of the run, its numbers, the picture, the run itself; each with what it is and its size.

import { clipForm, FILM, filmTape, showFilm } from "./clip.js";
import { el, icon, setText } from "./dom.js";
import { filmType, record } from "./film.js";
import { jobs } from "./jobs.js";
import { photograph } from "./picture.js";
import { asSvg } from "./svg.js";
import { _ } from "./words.js";

const SHARP = 2; // pixels of the PNG per pixel of the page
const TOLD = 1800; // ms
const SECONDS = 10; // of a film
const RECORDED = new Set(["clip", "page"]); // made by the server from its recording
const FILMS = new Set(["film", "clip"]);
const HERE = new Set(["png", "svg", "film"]); // made by the page, which asks the server for a name
const MARGIN = 4; // px between the menu and the edge of the view
const LEAST = 160; // px of its height, in another document
/** @type {Record<string, string>} */
const TYPES = { python: "text/x-python", json: "application/json", csv: "text/csv" };

/** @typedef {[kind: string, title: string, contains: string]} Item */

/** @type {Item[]} */
const FILES = [
  ["python", _("Copy as Python"), _("the run in a few lines with ganlab")],
  ["script", _("The code: PyTorch"), _("the same run as a plain script, without ganlab")],
  ["notebook", _("Jupyter notebook"), _("both, and their comparison")],
  ["png", _("Picture as PNG, 2×"), _("what is on the screen · 100 to 500 kB")],
  ["svg", _("Picture as SVG"), _("the same as lines and text · 30 to 300 kB")],
  ["film", _("Film, 10 seconds"), _("what the page shows from now on · 1 to 10 MB")],
  ["clip", _("Film of the recording"), _("from one moment to another, in some seconds · 1 to 10 MB")],
  ["page", _("Web page"), _("plays the recording so far, without a server or a network")],
  ["csv", _("Curves as CSV"), _("every measured number, with units")],
  ["parquet", _("Curves as Parquet"), _("the same, for data frames")],
  ["data", _("Samples and fields as NPZ"), _("10,000 samples, the drawn arrays, all weights")],
  ["json", _("Spec as JSON"), _("the settings alone")],
  ["run", _("Run as a file"), _("to open it here again, or in Python: Run.load")],
];

export const SAVED = "saved"; // the answer to a command of a page that saves the file itself

/** @type {Item[]} of an MNIST run, whose page has a button for each file: its key is the kind */
export const OF_MNIST = [
  ["python", _("Python script"), _("the same run with ganlab")],
  ["png", _("Picture as PNG, 2×"), _("what is on the screen · 300 kB to 1 MB")],
  ["svg", _("Picture as SVG"), _("the same as lines, text and small images · 200 to 700 kB")],
  ["sheet", _("Samples as PNG"), _("those and their nearest training images, two pixels for each")],
  ["csv", _("Curves as CSV"), _("losses and means of D(x), by iteration")],
  ["parquet", _("Curves as Parquet"), _("the same, for data frames")],
  ["preview", _("Samples as NPZ"), _("all pictures of this page as arrays")],
  ["spec", _("Spec as JSON"), _("the settings alone")],
  ["all", _("Everything as JSON"), _("plan, status, scores and curves")],
  ["run", _("Run as a file"), _("the checkpoint, to continue it in Python: Run.load")],
];

/** Of a stored recording the page makes everything itself. */
export const OF_STORED = FILES.filter(([kind]) => HERE.has(kind));

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 950) return `${Math.max(1, Math.round(bytes / 100)) * 100} B`;
  const [number, unit] = bytes < 950_000 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${number < 9.5 ? Math.round(number * 10) / 10 : Math.round(number)} ${unit}`;
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/**
 * Copy a text to the clipboard; returns whether it worked. Pages without TLS have only the old API.
 *
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "gl-offscreen", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/**
 * The menu's {node, receive(message)}.
 *
 * @param {(command: import("./types.js").Command) => unknown} send
 * @param {HTMLElement} root of the view
 * @param {() => void} relayout
 * @param {Item[]} files the files on offer
 * @param {Parameters<typeof filmTape>[2] | null} replay mounts a view of a tape; null: there is no recording on a server
 * @param {(() => void) | null} [choose] opens a run from a file
 */
export function exportMenu(send, root, relayout, files = FILES, replay = null, choose = null) {
  let wanted = "";
  let complete = true;
  let filming = false;
  let timer = 0;
  const sign = el("span", { class: "gl-icons" }, icon("save"));
  const said = el("span", { class: "gl-offscreen", role: "status" });
  const button = el(
    "button",
    {
      class: "gl-button",
      type: "button",
      "data-testid": "export",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": _("Export"),
      title: _("Export: the code, the numbers, the picture, the run"),
      onclick: () => (list.hidden ? open() : close()),
    },
    sign,
  );
  /** @type {Map<string, {says: HTMLElement, text: string, none: boolean}>} */
  const notes = new Map();
  const act = (/** @type {string} */ kind) => () => {
    if (notes.get(kind)?.none) return;
    close();
    if (kind === "clip") return clip.open();
    wanted = kind;
    // The JSON's name is that of the picture.
    if (send({ cmd: "export", value: HERE.has(kind) ? "json" : kind }) === SAVED) wanted = "";
  };
  const can = (/** @type {string} */ kind) => (!FILMS.has(kind) || filmType()) && (replay || !RECORDED.has(kind));
  const items = files.filter(([kind]) => can(kind)).map(([kind, title, text]) => {
    const says = el("span", { class: "gl-about" }, text);
    notes.set(kind, { says, text, none: false });
    const attributes = { class: "gl-item", type: "button", role: "menuitem", tabindex: "-1" };
    return el("button", { ...attributes, "data-testid": `export-${kind}`, onclick: act(kind) }, title, says);
  });
  if (choose) {
    const from = el("span", { class: "gl-about" }, _("a .ganlab file; or drop it on the page"));
    const attributes = { class: "gl-item gl-apart", type: "button", role: "menuitem", tabindex: "-1" };
    items.push(el("button", { ...attributes, "data-testid": "open", onclick: () => (close(), choose()) }, _("Open a run…"), from));
  }
  const list = el("div", { class: "gl-menu", role: "menu", "aria-label": _("Export"), hidden: "" }, ...items);
  const clip = clipForm((stretch) => send({ cmd: "tape", ...stretch }), () => button.focus());
  const going = jobs();
  const node = el("div", { class: "gl-export" }, going.node, button, list, clip.node, said);

  function open() {
    clip.close();
    list.hidden = false;
    place();
    button.setAttribute("aria-expanded", "true");
    items[0].focus();
    if (!wanted) send({ cmd: "export", value: "sizes" });
  }
  /** Keep the menu inside the view, which clips it: on a phone the button is far from the right edge. */
  function place() {
    list.style.right = "";
    const [box, all] = [list.getBoundingClientRect(), root.getBoundingClientRect()];
    const beyond = box.left - all.left - MARGIN;
    if (beyond < 0) list.style.right = `${beyond}px`;
    if (root.dataset.height) list.style.maxHeight = `${Math.max(LEAST, all.bottom - box.top - MARGIN)}px`;
  }
  /** @param {Record<string, number | null>} sizes in bytes; null: there is no such file yet */
  function note(sizes) {
    for (const [kind, item] of notes) {
      const { says, text } = item;
      item.none = sizes[kind] === null;
      says.parentElement?.setAttribute("aria-disabled", `${item.none}`);
      const bytes = sizes[kind];
      const late = kind === "run" && !complete ? _(", also if the address cannot hold all changes") : "";
      setText(says, `${text}${late}${item.none ? _(" · not there yet") : bytes ? ` · ${size(bytes)}` : ""}`);
    }
    place();
  }
  function close() {
    if (list.hidden) return;
    const inside = list.contains(document.activeElement);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus();
  }
  /** @param {string} called */
  function film(called) {
    if (filming) return;
    filming = true;
    let stop = () => {};
    const told = (/** @type {number} */ seconds) => showFilm(going, seconds, SECONDS, () => stop());
    stop = record(root, SECONDS, told, (blob) => filmed(blob, called));
  }
  /**
   * @param {BlobPart} tape
   * @param {string} called
   */
  function replayed(tape, called) {
    if (filming || !replay) return;
    filming = true;
    filmTape(tape, root, replay, (blob) => filmed(blob, called));
  }
  /**
   * @param {Blob} blob
   * @param {string} called
   */
  function filmed(blob, called) {
    filming = false;
    going.hide(FILM);
    save(blob, called);
    tell(_("Film saved"), "done");
  }
  /** @param {{kind: string, done: number, waiting: number}} job */
  function progress({ kind, done, waiting }) {
    if (done < 0) return going.hide(kind); // it could not be made, which the page says
    const word = kind === "page" ? _("Web page") : _("Film");
    const text = waiting ? _("{word}: after {waiting} other{s}", { word, waiting, s: waiting > 1 ? "s" : "" }) : `${word} ${Math.floor(100 * done)} %`;
    going.show(kind, text, done, _("{word}: the recording is replayed. Press to cancel", { word }), () => {
      send({ cmd: "export", value: "stop" });
      going.hide(kind);
    });
  }
  /**
   * @param {string} text
   * @param {"save" | "done"} name
   */
  function tell(text, name) {
    setText(said, text);
    sign.replaceChildren(icon(name));
    clearTimeout(timer);
    if (text) timer = window.setTimeout(() => tell("", "save"), TOLD);
  }
  node.addEventListener("keydown", (event) => {
    const at = items.findIndex((one) => one === document.activeElement);
    /** @type {Record<string, number>} */
    const keys = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const to = keys[event.key];
    if (event.key === "Escape") {
      close();
      clip.close();
    } else if (to !== undefined && !list.hidden) {
      event.preventDefault();
      items.at(to % items.length)?.focus();
    } else if (event.key === "Tab" && !list.hidden) list.hidden = true;
    event.stopPropagation(); // do not trigger the view's keys
  });
  node.addEventListener("focusout", ({ relatedTarget: to }) => (to instanceof Node && node.contains(to)) || close());

  return {
    node,
    /** @param {import("./types.js").Status} message */
    status(message) {
      complete = message.complete;
      clip.status(message.timeline);
    },
    flags: clip.flags,
    /** The connection was lost, and with it the files that the server was making. */
    lost() {
      for (const kind of ["page", "tape"]) going.hide(kind);
    },
    /** @param {import("./types.js").ExportMessage} message */
    async receive({ what, name, text, a }) {
      if (what === "sizes") {
        note(JSON.parse(text));
        return;
      }
      const called = (/** @type {string} */ suffix) => name.replace(/(json|html)$/, suffix);
      const movie = () => called(filmType().includes("mp4") ? "mp4" : "webm");
      if (what === "progress") return progress(JSON.parse(text));
      if (what === "page" || what === "tape") {
        going.hide(what);
        const file = new Uint8Array(a.file);
        if (what === "tape") return replayed(file, movie());
        save(new Blob([file], { type: "text/html" }), name);
        return tell(_("Web page saved"), "done");
      }
      const kind = wanted;
      wanted = "";
      if (kind === "png") {
        /** @type {Blob | null} */
        const blob = await new Promise((done) => photograph(root, relayout, SHARP).toBlob(done, "image/png"));
        if (blob) save(blob, called("png"));
      } else if (kind === "svg") {
        save(new Blob([asSvg(root, relayout)], { type: "image/svg+xml" }), called("svg"));
      } else if (kind === "film") {
        film(movie());
      } else if (what === "python" && (await copy(text))) {
        tell(_("Copied"), "done");
      } else {
        save(new Blob([a.file ? new Uint8Array(a.file) : text], { type: TYPES[what] ?? "application/octet-stream" }), name);
      }
    },
  };
}
