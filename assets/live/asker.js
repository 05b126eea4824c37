// A page whose whole state is its address: each change makes a new query, and the server's answer to it is shown.

import { decode } from "./wire.js";
import { follower, own } from "./page.js";
import { _, spoken } from "./words.js";

const AGAIN = 2000; // ms after which a failed request is repeated

/**
 * Requests are made one at a time, and the newest query wins. Returns
 * {ask(query), turn(change), start(), file(kind) -> Promise of its text, close()}.
 *
 * @template {{query: string}} Answer
 * @param {HTMLElement} root
 * @param {object} page
 * @param {string} page.answers the address below which the server answers
 * @param {(answer: Answer, newest: boolean) => void} page.show newest: false if a later query is already under way, so
 *   that what the user moves is ahead of the answer
 * @param {(text: string) => void} page.trouble called while the server does not answer
 */
export function asker(root, { answers, show, trouble }) {
  const follow = follower(root);
  let asked = ""; // the query of the request in flight
  let wanted = ""; // the query to ask for next
  let shown = ""; // the query of the answer that is shown
  let waits = false; // whether a query (which may be empty) waits for its turn
  let busy = false;
  let timer = 0;
  let dead = false;

  /** @param {string} query */
  function ask(query) {
    [wanted, waits] = [query, true];
    if (!busy) void next();
  }

  async function next() {
    [asked, waits, busy] = [wanted, false, true];
    /** @type {Answer} */
    let made;
    try {
      const answer = await fetch(`${answers}data?${asked}`, { cache: "no-store", headers: { "accept-language": spoken.language } });
      if (!answer.ok) throw new Error(String(answer.status));
      made = /** @type {Answer} */ (decode(await answer.arrayBuffer()));
    } catch (error) {
      if (dead) return;
      // A busy server asks to wait.
      if (/** @type {Error} */ (error).message !== "503") trouble(_("The server does not answer. This page keeps trying."));
      if (!waits) [wanted, waits] = [asked, true];
      timer = window.setTimeout(() => void next(), AGAIN);
      return;
    }
    if (dead) return;
    busy = false;
    shown = made.query;
    const newest = !waits;
    if (newest) follow(shown);
    else void next();
    show(made, newest);
  }

  return {
    ask,
    /** Change the newest query: values by field; null removes one. @param {Record<string, string | null>} change */
    turn(change) {
      const query = new URLSearchParams(waits ? wanted : busy ? asked : shown);
      for (const [name, value] of Object.entries(change)) {
        if (value === null) query.delete(name);
        else query.set(name, value);
      }
      ask(query.toString().replaceAll("%2C", ","));
    },
    /** Ask for what the page's address says. */
    start: () => ask(own()),
    /** A file of what is shown, as text. @param {string} kind */
    file: async (kind) => (await fetch(`${answers}${kind}?${shown}`, { cache: "no-store" })).text(),
    close() {
      dead = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Answer the export menu of such a page: its answer has the Python lines and a name for files.
 *
 * @param {{receive: (message: import("./types.js").ExportMessage) => Promise<void>}} menu
 * @param {{file: (kind: string) => Promise<string>}} server
 * @param {{file: string, python: string} | null} shown
 * @param {string} kind
 */
export async function handOver(menu, server, shown, kind) {
  if (!shown || kind === "sizes") return;
  const text = kind === "python" ? shown.python : kind === "csv" ? await server.file(kind) : "";
  const ending = { python: "py", csv: "csv" }[kind] ?? "json";
  await menu.receive({ type: "export", what: kind, name: shown.file.replace(/json$/, ending), text, a: {}, shape: {} });
}
