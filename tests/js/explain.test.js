import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { contour } from "../../assets/live/contour.js";
import { explainer } from "../../assets/live/explain.js";
import { enlargement } from "../../assets/live/explain_draw.js";
import { lineParts } from "../../assets/live/explain_line.js";
import { planeParts } from "../../assets/live/explain_plane.js";
import { readTheme } from "../../assets/live/theme.js";
import { drawn, nextFrame } from "./document.js";

const KINDS = ["data", "make", "judge", "d", "d_again", "g_make", "ahead", "slope", "g", "g_again"];
const part = (kind, i) => ({
  kind, player: /^(g|slope|ahead)/.test(kind) ? "G" : "D", title: `title ${i}`, says: "says", lit: i % 2 ? ["g"] : ["real", "fake"],
  set: i > 4 ? 1 : 0, d: 0, ...(i === 3 || i === 4 ? { d_after: 1 } : {}), ...(kind === "ahead" ? { ahead: [1, 2] } : {}),
});
const PARTS = {
  type: "parts", run: 1, iteration: 6, batch: 256, shown: 64, latent_dim: 1, beside: "", note: "",
  equation: [[["min_d", "m"], ["real", "r"], ["fake", "f"]], [["min_g", "n"], ["g", "g"]]],
  parts: KINDS.map(part), a: {}, shape: {},
};

let sent, shown, said, plays, explain;
beforeEach(() => {
  [sent, shown, said, plays] = [[], [], 0, true];
  globalThis.matchMedia = undefined;
  explain = explainer({
    send: (command) => sent.push(command),
    show: (parts, at, progress) => shown.push([parts?.iteration ?? null, at, progress]),
    changed: () => (said += 1),
    playing: () => plays,
  });
});
const press = (key) => explain.key({ key, target: { closest: () => null } });
const title = () => explain.node.find("part-title").textContent;
const lit = () => [...explain.node.descendants()].filter((node) => node.classes.has("gl-lit")).map((node) => node.dataset.term);

test("it asks the server, shows the parts one after the other, and then asks for the iteration", () => {
  explain.button.click();
  assert.deepEqual(sent, [{ cmd: "explain", value: true }]);
  assert.equal(explain.node.hidden, false);
  explain.receive(PARTS);
  assert.equal(title(), "title 0");
  assert.deepEqual(lit(), ["real", "fake"]);
  assert.match(explain.node.find("part-says").textContent, /first 64/);
  for (let i = 1; i < KINDS.length; i++) {
    assert.equal(press("ArrowRight"), true);
    assert.equal(title(), `title ${i}`);
    nextFrame(performance.now());
    assert.deepEqual(shown.at(-1).slice(0, 2), [6, i]);
  }
  assert.deepEqual(lit(), ["g"]);
  assert.equal(explain.node.dataset.player, "G");
  press("ArrowLeft");
  assert.equal(title(), "title 8");
  press("ArrowRight");
  press("ArrowRight");
  assert.deepEqual(sent.at(-1), { cmd: "step" });
  press("ArrowRight"); // the next iteration is not known yet
  assert.equal(sent.length, 2);
  explain.receive({ ...PARTS, iteration: 7 });
  assert.equal(title(), "title 0");
});

test("play and pause are about the parts; by itself one follows the other after its movement and its reading", () => {
  explain.toggle(true);
  explain.receive(PARTS);
  const paused = { state: "paused" };
  assert.equal(explain.told(paused).state, "playing");
  let now = performance.now();
  for (let i = 0; i < 100 && title() === "title 0"; i++) nextFrame((now += 100));
  assert.equal(title(), "title 1");
  assert.equal(explain.takes({ cmd: "pause" }), true);
  assert.equal(explain.told(paused).state, "paused");
  for (let i = 0; i < 100; i++) nextFrame((now += 100));
  assert.equal(title(), "title 1");
  assert.deepEqual(shown.at(-1), [6, 1, 1]);
  assert.equal(explain.takes({ cmd: "step" }), false);
  assert.ok(said > 0);
});

test("it ends with the run as it was before, or when the server says so", () => {
  explain.toggle(true);
  explain.keys.e();
  assert.deepEqual(sent.slice(1), [{ cmd: "explain", value: false }, { cmd: "play" }]);
  assert.equal(explain.node.hidden, true);
  assert.deepEqual(shown.at(-1), [null, 0, 0]);
  assert.equal(press("ArrowRight"), false);
  plays = false;
  explain.toggle(true);
  explain.toggle(false);
  assert.deepEqual(sent.at(-1), { cmd: "explain", value: false });
});

test("where motion is reduced, nothing moves and each part is a step by hand", () => {
  globalThis.matchMedia = () => ({ matches: true });
  explain.toggle(true);
  explain.receive(PARTS);
  nextFrame(performance.now());
  assert.deepEqual(shown.at(-1), [6, 0, 1]);
  let now = performance.now();
  for (let i = 0; i < 100; i++) nextFrame((now += 100));
  assert.equal(title(), "title 0");
  explain.takes({ cmd: "play" });
  assert.equal(title(), "title 1");
});

const f4 = (...values) => Float32Array.from(values);
const theme = readTheme(document.createElement("div"));
const LINE = {
  dim: 1, box: [[-4, 4]], map: true, latent: { kind: "normal", dim: 1, lo: -3, hi: 3 },
  a: { x: f4(-3, -1, 1, 3), p_data: f4(0, 0.4, 0.4, 0) },
};
const PLANE = { ...LINE, dim: 2, box: [[-2, 2], [-1, 1]], a: {} };
const own = (name, ...values) => ({ [`${name}.0`]: f4(...values), [`${name}.1`]: f4(...values) });
const of = (dim, a) => ({
  ...PARTS, latent_dim: dim,
  a: { ...a, ...own("d_real", 0.8, 0.4), ...own("d_fake", 0.2, 0.3), ...own("push_real", 0.5, 0.9), ...own("push_fake", -0.5, -0.9) },
});
const ON_LINE = of(1, {
  d: f4(0.1, 0.2, 0.6, 0.9, 0.12, 0.22, 0.61, 0.9, 0.2, 0.3, 0.5, 0.8),
  ...own("z", 0.5, -1), ...own("fake", 0.1, -2), ...own("real", 1, 2), ...own("push", 0.3, -0.4), ...own("moved", 0.11, -2.01),
});
ON_LINE.shape = { d: [3, 4] };
const ON_PLANE = of(2, {
  d: Int16Array.from({ length: 27 }, (_, i) => (i % 9) * 3600 + 20 * i),
  ...own("z", 0, 1, 1, 0), ...own("fake", 0, 1, 1, 0), ...own("real", 1, 0.5, -1, 0.5), ...own("push", 0.3, 0, 0, 0.3), ...own("moved", 0, 0.9, 1, 0.1),
});
ON_PLANE.shape = { d: [3, 3, 3] };

for (const [name, make, scene, message] of [["line", lineParts, LINE, ON_LINE], ["plane", planeParts, PLANE, ON_PLANE]]) {
  test(`on the ${name}, every part is drawn, moves, and differs from the others`, () => {
    const picture = make(scene);
    picture.resize(600, 400, theme);
    const ctx = document.createElement("canvas").getContext("2d");
    const look = (i, t) => {
      drawn.calls = [];
      picture.draw(ctx, message, i, t);
      const found = drawn.calls;
      drawn.calls = null;
      for (const [call, ...given] of found) {
        for (const value of given) assert.ok(typeof value !== "number" || Number.isFinite(value), `${KINDS[i]}: ${call}(${given})`);
      }
      return JSON.stringify(found.map(([call, ...given]) => [call, ...given.filter((value) => typeof value !== "object" || Array.isArray(value))]));
    };
    const ends = KINDS.map((_, i) => look(i, 1));
    KINDS.forEach((kind, i) => assert.notEqual(look(i, 0.2), ends[i], `${kind} stands still`));
    // A later step of a player ends with the same picture as its first; all else has its own.
    assert.equal(new Set(ends.filter((_, i) => !["d_again", "g_make", "g_again"].includes(KINDS[i]))).size, KINDS.length - 3);
    drawn.calls = [];
    picture.draw(ctx, null, 0, 0);
    assert.ok(!drawn.calls.some(([call]) => call === "stroke" || call === "fill"));
    drawn.calls = null;
  });
}

test("the contour of a cone is a circle", () => {
  const [n, middle, radius] = [40, 20, 12];
  const value = (i) => Math.hypot((i % n) + 0.5 - middle, Math.floor(i / n) + 0.5 - middle);
  const cuts = contour(value, n, n, radius);
  assert.ok(cuts.length > 200 && cuts.length % 4 === 0);
  let around = 0;
  for (let i = 0; i < cuts.length; i += 2) assert.ok(Math.abs(Math.hypot(cuts[i] - middle, cuts[i + 1] - middle) - radius) < 0.02);
  for (let i = 0; i < cuts.length; i += 4) around += Math.hypot(cuts[i] - cuts[i + 2], cuts[i + 1] - cuts[i + 3]);
  assert.ok(Math.abs(around - 2 * Math.PI * radius) < 0.5);
});

test("a change is enlarged by a round factor that keeps it below its limit", () => {
  assert.equal(enlargement(0.02, 0.15), 5);
  assert.equal(enlargement(0.2, 0.15), 1);
  assert.equal(enlargement(0, 0.15), 1);
  assert.equal(enlargement(1e-9, 0.15), 500);
});
