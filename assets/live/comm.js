// The connection of a view in a notebook: messages of its widget's comm, in place of a WebSocket's.

import { decode } from "./wire.js";
import { _ } from "./words.js";

export const CHECK = 1000; // ms between two checks of the connection and the theme
const SILENCE = 8000; // ms without an expected message, after which the view asks to be connected again
const FIRST = 4000; // ms without any message, after which the reason is shown
export const STILL = _("This is a live view of ganlab. Run its cell to see it move.");
const BUSY = _("The kernel does not answer: it may be busy with a cell, or have been restarted. Run this view's cell again if it has.");
const DEAD = _("The kernel was restarted or has stopped: this is the last picture. Run the cell again to start another view.");
const CLOSED = _("This view is closed: this is its last picture. Run the cell again to start another one.");

/** A name that no other displayed view has. */
const newName = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");

/**
 * Whether the kernel of a model is there; undefined if the notebook's program does not report it.
 *
 * @param {import("./types.js").WidgetModel} model
 * @returns {Promise<boolean | undefined>}
 */
async function isLive(model) {
  try {
    return (await model.widget_manager?.get_model(model.get("key")))?.comm_live;
  } catch {
    return undefined;
  }
}

/**
 * The connection of one displayed view: see ganlab/live/notebook.py for its messages.
 *
 * @param {import("./types.js").WidgetModel} model
 * @param {import("./types.js").Client} client
 * @param {(text: string) => void} still called if there is nothing to show yet, with the reason
 * @returns {import("./types.js").NotebookLink}
 */
export function connect(model, client, still) {
  let name = "";
  let heard = performance.now(); // when the last message arrived
  let asked = true; // whether an answer is expected
  let shown = false; // whether any message has arrived
  let told = false; // whether the banner shows a message of this module
  let over = false; // whether nothing can be expected any more
  let dead = false; // whether the kernel is gone

  function open() {
    name = newName();
    asked = true;
    model.send({ view: name, open: true });
    client.opened();
  }

  /**
   * @param {string} words
   * @param {string} state
   */
  function say(words, state) {
    told = true;
    client.bar.link(state);
    if (shown) client.banner.say(words, true);
    else still(words === DEAD ? STILL : words);
  }

  /**
   * @param {{view?: string, end?: string, kernel?: boolean}} content
   * @param {DataView[]} buffers
   */
  function receive(content, buffers) {
    if (content.view !== name || over) return;
    heard = performance.now();
    asked = false;
    if (content.end !== undefined) {
      over = content.end === "";
      say(content.kernel ? DEAD : over ? CLOSED : _("This run stopped: {end}. Change a setting, or run the cell again.", { end: content.end }), _("stopped"));
      return;
    }
    if (told || !shown) {
      told = false;
      client.bar.link("");
      client.banner.say("", false);
      still("");
    }
    shown = true;
    // A copy, because the arrays in it must begin at a multiple of their numbers' size.
    for (const { buffer, byteOffset, byteLength } of buffers) client.message(decode(/** @type {ArrayBuffer} */ (buffer.slice(byteOffset, byteOffset + byteLength))));
  }

  async function look() {
    if (dead) return;
    if ((await isLive(model)) === false) {
      over = dead = true;
      say(DEAD, _("no kernel"));
    }
    if (over) return;
    if (!(asked || client.expects()) || document.hidden) heard = performance.now();
    const silent = performance.now() - heard;
    if (!shown && silent > FIRST) say(BUSY, _("waiting…"));
    if (silent < SILENCE) return;
    say(BUSY, _("waiting…"));
    // Frames that were lost are never acknowledged: only a new connection gets others.
    heard = performance.now();
    model.send({ view: name, close: true });
    open();
  }

  model.on("msg:custom", receive);
  const looking = setInterval(look, CHECK);
  // Not at once: the view does not have this connection yet.
  queueMicrotask(open);
  look();
  return {
    send(command) {
      if (over) return false;
      if (command.cmd !== "ack" && command.cmd !== "visible") {
        if (!asked) heard = performance.now();
        asked = true;
      }
      model.send({ view: name, text: JSON.stringify(command) });
      return true;
    },
    act(what) {
      if (!over) model.send({ view: name, act: what });
    },
    close() {
      over = true;
      clearInterval(looking);
      model.off("msg:custom", receive);
      model.send({ view: name, close: true });
    },
  };
}
