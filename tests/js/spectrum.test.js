import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { spectrumPanel } from "../../assets/live/spectrum.js";
import "./document.js";

const of = (r1) => ({
  r1, size: 3, count: 3, complete: true, per_update: true, rotation: 0.5, turn: null, growing: 1, symmetric: 1, rotating: 1, share: 0.5,
  rules: { alternating: { radius: 1.25, step: 2, why: "why" } },
});
const answer = (asked, iteration = 7) => ({
  type: "spectrum", run: 1, iteration, refused: "", notes: [], seconds: 2.1, rule: "alternating", r1: 0, asked, titles: {}, help: {}, game: null,
  now: of(null), other: asked === null ? null : of(asked), a: {}, shape: {},
});

let sent, panel;
const says = (name) => panel.node.find(name).textContent;
const busy = () => /computing/.test(says("spectrum-age"));
const before = () => panel.node.classList.contains("gl-spectrum-before");
const tick = (on) => {
  const box = panel.node.find("spectrum-r1-on");
  box.checked = on;
  box.dispatchEvent(new Event("change"));
};
beforeEach(() => {
  sent = [];
  panel = spectrumPanel({ send: (command) => sent.push(command), opened: () => {} });
  panel.status({ iteration: 7, state: "paused", spectrum: false });
  panel.node.find("spectrum-r1").checkValidity = () => true;
  panel.toggle();
});

test("it says that it computes from the question to its answer, and keeps the last one as of before", () => {
  assert.ok(busy() && !before());
  panel.receive(answer(null));
  assert.ok(!busy() && !before());
  panel.node.find("spectrum-r1").value = "1";
  tick(true);
  assert.equal(sent.at(-1).r1, 1);
  assert.ok(busy() && before());
  assert.equal(says("spectrum-radius"), "1.25000");
  panel.receive(answer(null)); // was under way
  assert.ok(busy() && before());
  panel.receive(answer(1));
  assert.ok(!busy() && !before());
  tick(false);
  panel.receive(answer(2)); // another page asks for something else
  panel.receive(answer(2));
  assert.ok(!busy());
});

test("a later moment of a paused run has another one", () => {
  panel.receive(answer(null));
  panel.status({ iteration: 8, state: "paused", spectrum: true });
  assert.ok(busy() && before());
  panel.receive(answer(null, 8));
  assert.ok(!busy());
  panel.status({ iteration: 9, state: "playing", spectrum: true });
  assert.ok(!busy());
});
