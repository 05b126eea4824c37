import assert from "node:assert/strict";
import { test } from "node:test";

import { placeFlags, timeline } from "../../assets/live/timeline.js";

const flag = (at, text, kind = "found") => ({ at, iteration: at, text, kind });
const NOW = { unit: "updates", first: 0, last: 1000, at: 1000, iteration: 500, past: false, wanted: -1, done: 1, exact: true };

function make() {
  const sent = [];
  const line = timeline((command) => sent.push(command));
  line.status(NOW);
  const slider = line.node.find("timeline");
  const press = (key, more = {}) => slider.dispatchEvent(Object.assign(new Event("keydown"), { key, ...more }));
  return { line, sent, slider, press };
}

test("flags do not cover each other, and found moments keep their words", () => {
  const flags = [flag(10, "k 1→5", "change"), flag(12, "hop"), flag(300, "collapse"), flag(310, "mode lost"), flag(900, "D won")];
  const placed = placeFlags(flags, (at) => at / 2, 500, 1);
  const words = placed.filter((one) => one.word);
  assert.deepEqual(words.map((one) => one.flag.text).sort(), ["D won", "hop", "mode lost"]);
  for (const a of words) {
    for (const b of words) assert.ok(a === b || a.from + 6.2 * a.flag.text.length < b.from || b.from + 6.2 * b.flag.text.length < a.from);
  }
  for (const a of placed) for (const b of placed) assert.ok(a === b || Math.abs(a.x - b.x) >= 4);
  assert.ok(words.every((one) => one.from >= 0 && one.from + 6.2 * one.flag.text.length <= 500));
});

test("a word does not stand beside itself, and Chinese words are wider", () => {
  const hops = [0, 60, 120, 400].map((at) => flag(at, "hop"));
  const placed = placeFlags(hops, (at) => at, 500, 1);
  assert.equal(placed.length, 4, "every flag is there");
  assert.deepEqual(placed.filter((one) => one.word).map((one) => one.x), [400, 120, 0]);
  const jumps = [flag(100, "模式丢失"), flag(134, "跳跃")];
  assert.equal(placeFlags(jumps, (at) => at, 500, 1).filter((one) => one.word).length, 1);
});

test("keys move by one, by ten, to flags and to both ends", () => {
  const { line, sent, press } = make();
  line.flags([flag(200, "hop"), flag(700, "collapse")]);
  const keys = [["ArrowLeft"], ["ArrowLeft", { shiftKey: true }], ["PageUp"], ["PageUp"], ["ArrowRight"], ["PageDown"], ["Home"], ["ArrowLeft"], ["End"]];
  for (const [key, more] of keys) press(key, more);
  assert.deepEqual(sent.map(({ at }) => at), [999, 989, 700, 200, 201, 700, 0, 0, 1000]);
  assert.ok(sent.every(({ cmd, kept }) => cmd === "scrub" && kept === false));
  press("a");
  press("ArrowLeft", { ctrlKey: true });
  assert.equal(sent.length, 9);
});

test("the slider says where it is, and what happened there", () => {
  const { line, slider } = make();
  assert.equal(slider.getAttribute("aria-valuetext"), "present, update 1,000");
  line.flags([flag(320, "hop")]);
  line.status({ ...NOW, at: 320, iteration: 160, past: true });
  assert.equal(slider.getAttribute("aria-valuetext"), "update 320, iteration 160, hop");
  assert.ok(line.node.classList.contains("gl-past"));
  line.status({ ...NOW, at: 100, past: true, wanted: 600, done: 0.345 });
  assert.match(line.node.find("moment").textContent, /^update 600 · 34 %$/);
  line.status({});
  assert.equal(line.node.hidden, true);
});

test("a drag asks for moments at a limited rate, and at its end for the exact one", async () => {
  const { sent, slider } = make();
  for (const value of [900, 800, 700, 600]) {
    slider.value = String(value);
    slider.dispatchEvent(new Event("input"));
  }
  assert.deepEqual(sent, [{ cmd: "scrub", at: 900, kept: true }]);
  slider.dispatchEvent(new Event("change"));
  assert.deepEqual(sent.at(-1), { cmd: "scrub", at: 600, kept: false });
  assert.equal(sent.length, 2, "the one that waited is replaced");
});

test("in the past a moment can be continued, or forked, and the present returned to", () => {
  const forks = [];
  const sent = [];
  const line = timeline((command) => sent.push(command), (name) => forks.push(name));
  line.knobs([{ field: "k", title: "k", restarts: false }, { field: "unroll", title: "unrolled D", restarts: true }]);
  line.status(NOW);
  const [onward, menu, present] = ["continue", "fork", "present"].map((id) => line.node.find(id));
  assert.ok(onward.disabled && menu.disabled && present.disabled);
  assert.deepEqual(menu.children.map((one) => one.value), ["", "k"]);
  line.status({ ...NOW, at: 10, past: true, wanted: 20 });
  assert.ok(onward.disabled && !present.disabled, "it continues what is shown, not what is still computed");
  line.status({ ...NOW, at: 20, past: true });
  onward.click();
  present.click();
  menu.value = "k";
  menu.dispatchEvent(new Event("change"));
  assert.deepEqual(sent, [{ cmd: "continue" }, { cmd: "present" }]);
  assert.deepEqual(forks, ["k"]);
});

test("a note belongs to the moment that is shown", () => {
  const { line, sent } = make();
  const note = line.node.find("note");
  assert.ok(note.disabled, "not in the present, which moves");
  line.flags([flag(320, "hop"), flag(320, "look here", "note")]);
  line.status({ ...NOW, at: 320, past: true });
  assert.ok(!note.disabled && note.value === "look here");
  note.value = " more ";
  note.dispatchEvent(Object.assign(new Event("keydown"), { key: "Enter" }));
  assert.deepEqual(sent, [{ cmd: "bookmark", at: 320, text: "more" }]);
  line.status({ ...NOW, at: 321, past: true });
  assert.equal(note.value, "");
});
