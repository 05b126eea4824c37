// The connection of a view in a notebook, with a fake model of a widget.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { STILL, connect } from "../../assets/live/comm.js";

/** @type {(() => void)[]} */
let ends = [];
afterEach(() => {
  ends.forEach((end) => end());
  ends = [];
});

/** @param {boolean} [live] whether its kernel is there */
function connected(live) {
  /** @type {any[]} */
  const sent = [];
  /** @type {any[]} */
  const seen = [];
  /** @type {(content: any, buffers: DataView[]) => void} */
  let heed = () => {};
  const model = {
    get: () => "key",
    send: (/** @type {any} */ content) => sent.push(content),
    on: (/** @type {string} */ _, /** @type {typeof heed} */ act) => (heed = act),
    off: () => (heed = () => {}),
    widget_manager: { get_model: async () => ({ comm_live: live }) },
  };
  const client = {
    bar: { link: (/** @type {string} */ text) => seen.push(["bar", text]) },
    banner: { say: (/** @type {string} */ text) => seen.push(["banner", text]) },
    opened: () => seen.push(["opened"]),
    message: (/** @type {any} */ message) => seen.push(["message", message.type, [...(message.a.x ?? [])]]),
    expects: () => false,
    lost() {},
    back() {},
    gone() {},
  };
  const link = connect(model, client, (text) => seen.push(["still", text]));
  ends.push(link.close);
  return { link, sent, seen, receive: (/** @type {any} */ content, /** @type {DataView[]} */ buffers = []) => heed(content, buffers) };
}

/** A message with one array, in a buffer in which it does not begin at a multiple of 4. */
function message() {
  const header = JSON.stringify({ type: "frame", arrays: [["x", "f4", [2]]] }).padEnd(52, " ");
  const bytes = new Uint8Array(3 + 56 + 8);
  new DataView(bytes.buffer).setUint32(3, 52, true);
  bytes.set(new TextEncoder().encode(header), 7);
  bytes.set(new Uint8Array(new Float32Array([1.5, -2]).buffer), 3 + 56);
  return new DataView(bytes.buffer, 3);
}

const turn = () => new Promise((done) => setTimeout(done));

test("a view opens under a name of its own, and hears only what is for it", async () => {
  const { link, sent, seen, receive } = connected(true);
  const other = connected(true);
  await turn();
  assert.deepEqual(Object.keys(sent[0]), ["view", "open"]);
  assert.notEqual(sent[0].view, other.sent[0].view);
  receive({ view: other.sent[0].view }, [message()]);
  assert.deepEqual(seen, [["opened"]]);
  receive({ view: sent[0].view }, [message()]);
  assert.deepEqual(seen.at(-1), ["message", "frame", [1.5, -2]]);
  link.send({ cmd: "pause" });
  assert.deepEqual(sent.at(-1), { view: sent[0].view, text: '{"cmd":"pause"}' });
  link.act({ act: "fork", name: "k" });
  assert.deepEqual(sent.at(-1).act, { act: "fork", name: "k" });
  link.close();
  assert.deepEqual(sent.at(-1), { view: sent[0].view, close: true });
});

test("the end of a run, of its view and of its kernel are told apart", async () => {
  for (const [content, words, more] of /** @type {[any, RegExp, boolean][]} */ ([
    [{ end: "", kernel: false }, /closed/, false],
    [{ end: "", kernel: true }, /kernel was restarted/, false],
    [{ end: "no memory", kernel: false }, /stopped: no memory/, true],
  ])) {
    const { link, sent, seen, receive } = connected(true);
    await turn();
    receive({ view: sent[0].view }, [message()]);
    receive({ view: sent[0].view, ...content });
    assert.match(seen.at(-1)[1], words);
    assert.equal(link.send({ cmd: "play" }), more);
    assert.equal(sent.length, more ? 2 : 1);
  }
});

test("without a kernel there is a sentence in place of the picture", async () => {
  const { link, seen } = connected(false);
  await turn();
  assert.deepEqual(seen.at(-1), ["still", STILL]);
  assert.equal(link.send({ cmd: "play" }), false);
});
