// What those hear who do not see the page: changes at once, and a run that plays now and then.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence } from "../../assets/live/voice.js";

test("a sentence has the state, the iteration and the newest JSD of each run", () => {
  const status = /** @type {any} */ ({ state: "playing", iteration: 12345, metrics: { jsd: 0.1234, w1: 2, jsd_smooth: 1 } });
  assert.equal(sentence(status), "playing, iteration 12,345, JSD 0.123");
  const two = /** @type {any} */ ({ state: "paused", iteration: 3, metrics: { "jsd.0": 0.5, "jsd.1": 0.25, "w1.0": 1 } });
  assert.equal(sentence(two), "paused, iteration 3, JSD A 0.5, JSD B 0.25");
  const none = /** @type {any} */ ({ state: "diverged", iteration: 0, metrics: { jsd: null } });
  assert.equal(sentence(none), "diverged, iteration 0");
});
