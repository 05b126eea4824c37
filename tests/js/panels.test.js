import assert from "node:assert/strict";
import { test } from "node:test";

import { headline, keepApart, lastOf, panelRange } from "../../assets/live/panels.js";
import { seedAt, seedRange } from "../../assets/live/seeds.js";

const panel = (more = {}) => ({ id: "p", title: "p", series: [{ key: "v", title: "v", role: "G" }], lines: [], ...more });
const message = (v) => ({ a: { v: Float32Array.from(v), iteration: Float32Array.from(v.map((_, i) => i)) } });

test("a panel shows the bulk of its values, the last one and its lines", () => {
  const values = Array.from({ length: 500 }, (_, i) => Math.sin(i));
  values[3] = 1e6;
  const [low, high] = panelRange(panel(), message(values));
  assert.ok(low < -0.99 && low > -1.5 && high > 0.99 && high < 1.5);
  assert.ok(panelRange(panel({ lines: [{ value: 5, title: "" }] }), message(values))[1] > 5);
  assert.deepEqual(panelRange(panel({ low: 0, high: 0.75 }), message(values)), [0, 0.75]);
});

test("a panel without values has a range, too", () => {
  for (const one of [panel(), panel({ log: true })]) {
    for (const said of [null, message([]), message([NaN, NaN])]) {
      const [low, high] = panelRange(one, said);
      assert.ok(Number.isFinite(low) && low < high && (!one.log || low > 0));
    }
  }
});

test("a logarithmic panel holds a factor of ten at least, and no zero", () => {
  const [low, high] = panelRange(panel({ log: true }), message([0, 2, 2.1]));
  assert.ok(low > 0 && low < 2 && high > 2.1 && high / low > 9);
});

test("the last value is the last that can be shown", () => {
  assert.deepEqual(lastOf(panel(), Float32Array.of(1, 2, NaN)), { index: 1, value: 2 });
  assert.deepEqual(lastOf(panel({ log: true }), Float32Array.of(4, -1, 0)), { index: 0, value: 4 });
  assert.equal(lastOf(panel(), Float32Array.of(NaN)), null);
  assert.equal(lastOf(panel(), Float32Array.of(1e-17)).value, 0, "rounding noise is 0");
});

test("words at the edge stay apart, in order and inside", () => {
  const ends = [50, 10, 11, 49, 12].map((y) => ({ y, was: y }));
  keepApart(ends, 0, 60, 13);
  ends.forEach((end, i) => {
    assert.ok(end.y >= 0 - 1e-9 && end.y <= 60);
    if (i) assert.ok(end.y - ends[i - 1].y >= 13 - 1e-9 && end.was >= ends[i - 1].was);
  });
});

test("a title is cut before its first colon or comma outside parentheses", () => {
  assert.equal(headline("JSD(p_data, p_g), cells of 0.08"), "JSD(p_data, p_g)");
  assert.equal(headline("C(G) − V(D, G): how far"), "C(G) − V(D, G)");
  assert.equal(headline("losses"), "losses");
});

test("seeds go round after the last one", () => {
  assert.equal(seedAt(2 ** 31 - 1, 1), 0);
  assert.equal(seedRange(7, 16), "7–22");
});
