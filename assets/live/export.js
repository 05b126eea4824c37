// The Export menu: the run as Python or as a file, its Spec as JSON, its curves as CSV, the picture as PNG.

import { el, icon, setText } from "./dom.js";
import { atDensity, opaque } from "./plot.js";

const SHARP = 2; // pixels of the PNG per pixel of the page
const TOLD = 1800; // ms
const FILE = "Run as a file";
const TYPES = { python: "text/x-python", json: "application/json", csv: "text/csv", run: "application/octet-stream" };

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
async function copy(text) {
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
 * A picture of all canvases of `root`, redrawn by relayout() with `SHARP` pixels for each.
 *
 * @param {HTMLElement} root
 * @param {() => void} relayout
 */
function photograph(root, relayout) {
  const sheet = document.createElement("canvas");
  atDensity(SHARP, () => {
    relayout();
    const all = [...root.querySelectorAll("canvas")].filter((node) => node.clientWidth > 0);
    const boxes = all.map((node) => node.getBoundingClientRect());
    const left = Math.min(...boxes.map((b) => b.left));
    const top = Math.min(...boxes.map((b) => b.top));
    sheet.width = Math.ceil((Math.max(...boxes.map((b) => b.right)) - left) * SHARP);
    sheet.height = Math.ceil((Math.max(...boxes.map((b) => b.bottom)) - top) * SHARP);
    const ctx = opaque(sheet);
    ctx.fillStyle = getComputedStyle(root).getPropertyValue("--gl-back");
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    all.forEach((node, i) => {
      const { x, y, width, height } = boxes[i];
      ctx.drawImage(node, (x - left) * SHARP, (y - top) * SHARP, width * SHARP, height * SHARP);
    });
  });
  relayout();
  return sheet;
}

/**
 * The menu's {node, receive(message)}.
 *
 * @param {(command: import("./types.js").Command) => void} send
 * @param {HTMLElement} root of the view
 * @param {() => void} relayout
 */
export function exportMenu(send, root, relayout) {
  let wanted = "";
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
      "aria-label": "Export",
      title: "Export: the run as Python, JSON, CSV, PNG or a file",
      onclick: () => (list.hidden ? open() : close()),
    },
    sign,
  );
  const item = (/** @type {string} */ id, /** @type {string} */ text, /** @type {() => void} */ act) =>
    el("button", { class: "gl-item", type: "button", role: "menuitem", tabindex: "-1", "data-testid": `export-${id}`, onclick: act }, text);
  const ask = (/** @type {string} */ what) => () => {
    wanted = what;
    close();
    send({ cmd: "export", value: what });
  };
  const file = item("run", FILE, ask("run"));
  const items = [
    item("python", "Copy as Python", ask("python")),
    item("json", "Spec as JSON", ask("json")),
    item("csv", "Curves as CSV", ask("csv")),
    file,
    item("png", "Picture as PNG, 2×", () => {
      wanted = "png";
      close();
      send({ cmd: "export", value: "json" }); // for its file name
    }),
  ];
  const list = el("div", { class: "gl-menu", role: "menu", "aria-label": "Export", hidden: "" }, ...items);
  const node = el("div", { class: "gl-export" }, button, list, said);

  function open() {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    items[0].focus();
  }
  function close() {
    if (list.hidden) return;
    const inside = list.contains(document.activeElement);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus();
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
    if (event.key === "Escape") close();
    else if (to !== undefined && !list.hidden) {
      event.preventDefault();
      items.at(to % items.length)?.focus();
    } else if (event.key === "Tab") list.hidden = true;
    event.stopPropagation(); // do not trigger the view's keys
  });
  node.addEventListener("focusout", ({ relatedTarget: to }) => (to instanceof Node && node.contains(to)) || close());

  return {
    node,
    /** @param {import("./types.js").Status} message */
    status(message) {
      setText(file, message.complete ? FILE : `${FILE} (it has too many changes for the address)`);
    },
    /** @param {import("./types.js").ExportMessage} message */
    async receive({ what, name, text, a }) {
      if (wanted === "png") {
        /** @type {Blob | null} */
        const blob = await new Promise((done) => photograph(root, relayout).toBlob(done, "image/png"));
        if (blob) save(blob, name.replace(/json$/, "png"));
      } else if (what === "python" && (await copy(text))) {
        tell("Copied", "done");
      } else {
        save(new Blob([a.file ? new Uint8Array(a.file) : text], { type: TYPES[what] }), name);
      }
      wanted = "";
    },
  };
}
