// Opening a run, or a table of points, from a file: dropped on the page, or chosen by the Export menu's entry. The
// server reads it.

import { el, setText } from "./dom.js";
import { linkStyles } from "./page.js";
import { _ } from "./words.js";

const SUFFIXES = [".ganlab", ".npz"];
const LESSON = { ending: ".toml", largest: 64_000 };
const ELSEWHERE = '[role="dialog"], [data-testid="stFileUploader"]'; // which take files themselves
const PATIENCE = 150_000; // ms for the server's answer

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;

/** @param {number} bytes */
const megabytes = (bytes) => `${Math.round(bytes / 1e5) / 10} MB`;

/**
 * Send a file to the server; returns why it cannot be opened, or nothing.
 *
 * @param {string} url
 * @param {File} file
 */
async function send(url, file) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      body: file,
      headers: { "content-type": "application/octet-stream", "x-ganlab-name": encodeURIComponent(file.name) },
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    return _("the server does not answer, or something on the way to it refuses the file");
  }
  const said = await answer.json().catch(() => ({}));
  if (said.refused) return String(said.refused);
  return answer.ok ? "" : _("something on the way to the server refuses the file ({status})", { status: answer.status });
}

/**
 * Let files of runs be opened while a view is on the page. Returns {node, target, choose(), close()}: `node` shows what
 * happens, and `target`, over the view, that a file can be dropped.
 *
 * @param {HTMLElement} root of the view
 * @param {object} how
 * @param {string} how.socket the address of the session
 * @param {number} how.largest bytes of a run's file
 * @param {{endings: string[], largest: number}} how.tables names' endings, and bytes, of tables of points
 * @param {() => void} how.opened the server has a run for the page
 */
export function opener(root, { socket, largest, tables, opened }) {
  const url = new URL(socket);
  url.pathname += "/open";
  url.protocol = url.protocol.replace("ws", "http");
  let busy = false;
  const endings = [...SUFFIXES, LESSON.ending, ...tables.endings.filter((end) => !SUFFIXES.includes(end))];
  const words = el("span", { role: "alert", "data-testid": "opening" });
  const dismiss = el("button", { class: "gl-button gl-small", type: "button", "data-testid": "opening-close", "aria-label": _("Close this message"), onclick: () => say("") }, "×");
  const box = el("div", { class: "gl-banner gl-opening", "data-kind": "note", hidden: "" }, words, dismiss);
  const target = el(
    "div",
    { class: "gl-drop", hidden: "", "aria-hidden": "true", "data-testid": "drop" },
    el("div", {}, el("b", {}, _("Drop a run, a table of points, or a lesson")), el("span", {}, _(".ganlab or .npz, as Export saves it; CSV, Excel, JSON, Parquet, NPY; TOML"))),
  );
  const input = el("input", {
    type: "file",
    accept: endings.join(","),
    hidden: "",
    "data-testid": "open-file",
    onchange: () => {
      const [file] = input.files ?? [];
      input.value = ""; // so that the same file can be chosen again
      if (file) void open(file);
    },
  });
  const node = el("div", { class: "gl-banner-box" }, box, input);

  /**
   * @param {string} text
   * @param {boolean} [wrong]
   */
  function say(text, wrong = false) {
    setText(words, text);
    box.hidden = !text;
    dismiss.hidden = !wrong;
    box.dataset.wrong = String(wrong);
  }

  /** @param {File} file */
  async function open(file) {
    if (busy) return;
    const name = file.name.toLowerCase();
    const most = SUFFIXES.some((end) => name.endsWith(end)) ? largest : name.endsWith(LESSON.ending) ? LESSON.largest : tables.largest;
    const why = !endings.some((end) => name.endsWith(end))
      ? _("the name of a run's file ends in {SUFFIXES}, that of a table in {endings}, that of a lesson in {lesson}", { SUFFIXES: SUFFIXES.join(" or "), endings: tables.endings.join(", "), lesson: LESSON.ending })
      : file.size > most
        ? _("it has {megabytes}, and this server opens at most {megabytes2}", { megabytes: megabytes(file.size), megabytes2: megabytes(most) })
        : "";
    if (why) return say(_("{name} cannot be opened: {why}.", { name: file.name, why }), true);
    busy = true;
    say(_("Opening {name}…", { name: file.name }));
    const refused = await send(url.href, file);
    busy = false;
    if (refused) return say(_("{name} cannot be opened: {replace}.", { name: file.name, replace: refused.replace(/\.$/, "") }), true);
    say("");
    opened();
  }

  const page = new AbortController();
  /**
   * @param {string} type
   * @param {(event: DragEvent) => void} act
   */
  const on = (type, act) =>
    window.addEventListener(
      type,
      (event) => {
        if (!(event instanceof DragEvent) || !hasFiles(event) || root.offsetParent === null) return;
        if (event.target instanceof Element && event.target.closest(ELSEWHERE)) return;
        event.preventDefault(); // else the browser leaves the page to show the file
        act(event);
      },
      { signal: page.signal },
    );
  on("dragenter", () => (target.hidden = false));
  on("dragover", (event) => {
    target.hidden = false;
    if (event.dataTransfer) event.dataTransfer.dropEffect = busy ? "none" : "copy";
  });
  on("dragleave", (event) => (target.hidden = event.relatedTarget !== null ? target.hidden : true));
  on("drop", (event) => {
    target.hidden = true;
    const [file, ...more] = event.dataTransfer?.files ?? [];
    if (more.length) say(_("Drop one file: a run, runs side by side, or a table."), true);
    else if (file) void open(file);
  });

  return { node, target, choose: () => input.click(), close: () => page.abort() };
}

/**
 * Let files be dropped on a page that has no view; returns a function that ends it.
 *
 * @param {HTMLElement} root
 * @param {Parameters<typeof opener>[1]} how
 */
export function dropZone(root, how) {
  linkStyles(() => {});
  root.classList.add("gl-drop-zone");
  const files = opener(root, how);
  root.append(files.target, files.node);
  return () => {
    files.close();
    root.remove();
  };
}
