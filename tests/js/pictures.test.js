import assert from "node:assert/strict";
import { test } from "node:test";

import { curvesColumn } from "../../assets/live/curves.js";
import { picture1d } from "../../assets/live/draw1d.js";
import { picture2d } from "../../assets/live/draw2d.js";
import { fit } from "../../assets/live/plot.js";
import { readTheme } from "../../assets/live/theme.js";
import { tiles } from "../../assets/live/tile.js";
import { drawn } from "./document.js";

const theme = readTheme(document.createElement("div"));
const canvas = document.createElement("canvas");
const f4 = (...values) => Float32Array.from(values);
const each = (n, value) => Float32Array.from({ length: n }, (_, i) => value(i));

/** What `act` draws. */
function calls(act) {
  drawn.calls = [];
  act();
  const found = drawn.calls;
  drawn.calls = null;
  for (const [name, ...given] of found) {
    for (const value of given) assert.ok(typeof value !== "number" || Number.isFinite(value), `${name}(${given})`);
  }
  return found;
}
const texts = (found) => found.filter(([name]) => name === "fillText").map(([, text]) => text);
const count = (found, wanted) => found.filter(([name]) => name === wanted).length;

const LINE = {
  type: "scene", run: 1, dim: 1, box: [[-4, 4]], modes: 1, map: true, latent: { kind: "normal", dim: 1, lo: -3, hi: 3 },
  a: { x: each(64, (i) => -4 + (i + 0.5) / 8), p_data: each(64, (i) => Math.exp(-((i - 32) ** 2) / 60)) },
};
const lineFrame = () => ({
  type: "frame", run: 1, iteration: 3, shape: {},
  a: {
    p_g: each(64, (i) => Math.exp(-((i - 20) ** 2) / 9)), d: each(64, (i) => i / 64), d_star: each(64, () => 0.5),
    map_z: f4(-1, 0, 1), map_x: f4(-2, -1, 2), grad_x: f4(0, 1), grad: f4(0.5, -0.5),
  },
});
const LAYERS_OF_LINE = ["p_data", "p_g", "d", "d_star", "map", "gradient"];

const PLANE = {
  type: "scene", run: 1, dim: 2, box: [[-2, 2], [-1, 1]], modes: 2,
  a: {
    real: f4(0, 0, 1, 0.5), contours: f4(-1, 0, 0, 0.5, 1, 0), contour_lengths: Int32Array.of(3), contour_levels: Int32Array.of(1),
  },
};
const planeFrame = () => ({
  type: "frame", run: 1, iteration: 3, shape: { d: [2, 3], manifold: [2, 2, 2] },
  a: {
    d: Uint8Array.of(0, 50, 100, 150, 200, 255), fake: f4(0, 0, 1, -0.5), manifold: f4(0, 0, 1, 0, 0, 1, 1, 1),
    grad_x: f4(0, 0), grad: f4(0.4, 0.3),
  },
});
const LAYERS_OF_PLANE = ["p_data", "real", "manifold", "gradient"];

for (const [name, make, scene, frame, layers] of [
  ["line", picture1d, LINE, lineFrame, LAYERS_OF_LINE],
  ["plane", picture2d, PLANE, planeFrame, LAYERS_OF_PLANE],
]) {
  const draw = (one, hidden = new Set(), u = 1) => {
    const picture = make(scene);
    return calls(() => {
      picture.resize(700, 420, { ...theme, u }, hidden);
      picture.draw(fit(canvas, 700, 420), one);
    });
  };

  test(`the picture of a ${name} has axes before its first frame, and at any scale`, () => {
    assert.ok(texts(draw(null)).includes("0"));
    assert.ok(texts(draw(null, new Set(), 1.4)).includes("0"));
  });

  test(`a layer of a ${name} that is hidden is not drawn`, () => {
    const ink = (found) => count(found, "lineTo") + count(found, "arc") + count(found, "drawImage");
    const all = ink(draw(frame()));
    for (const layer of layers) assert.ok(ink(draw(frame(), new Set([layer]))) < all, layer);
  });

  test(`the picture of a ${name} says what is beyond its axes, as briefly as it must`, () => {
    const said = { beyond: [{ side: "left", text: "12 % of p_g is beyond: mean −9", brief: "12 %" }], missing: "D has no value" };
    const found = texts(draw({ ...frame(), ...said }));
    assert.ok(found.includes(said.beyond[0].text) && found.includes(said.missing));
    const long = "x".repeat(400);
    assert.ok(texts(draw({ ...frame(), beyond: [{ ...said.beyond[0], text: long }] })).includes("12 %"));
    const g = name === "line" ? "p_g" : "fake";
    assert.ok(!texts(draw({ ...frame(), ...said }, new Set([g]))).includes(said.beyond[0].text), "of what is hidden nothing is said");
  });

  test(`a frame of a ${name} may lack any of its arrays`, () => {
    for (const missing of Object.keys(frame().a)) {
      const one = frame();
      delete one.a[missing];
      assert.ok(draw(one).length > 0);
    }
  });
}

test("a peak above the picture is marked with its height", () => {
  const picture = picture1d(LINE);
  const frame = lineFrame();
  frame.a.p_g[20] = 7.25;
  const found = calls(() => {
    picture.resize(700, 420, theme, new Set());
    picture.draw(fit(canvas, 700, 420), frame);
  });
  assert.ok(texts(found).includes("7.25"));
});

test("gradients are as long as they are large: one that has vanished is not drawn", () => {
  const picture = picture1d(LINE);
  const strokes = (grad) => {
    const frame = lineFrame();
    frame.a.grad = grad;
    picture.resize(700, 420, theme, new Set());
    return count(calls(() => picture.draw(fit(canvas, 700, 420), frame)), "lineTo");
  };
  const none = strokes(f4(0, 0));
  assert.equal(strokes(f4(0.01, -0.01)), none);
  assert.equal(strokes(f4(0.5, 0)), none + 3, "a shaft and a head");
});

const PANELS = [
  { id: "jsd", title: "JSD", unit: "nats", series: [{ key: "jsd", title: "JSD", role: "G" }], lines: [{ value: 0.69, title: "ln 2" }] },
  { id: "w1", title: "W₁", needs: "w1", off: true, series: [{ key: "w1", title: "W₁", role: "D", dash: "dash" }], lines: [] },
  { id: "shares", title: "shares", bars: "shares", against: "mode_weights", series: [], lines: [] },
];

test("curves end with their last value, in order of their iterations, with what was changed on the way", () => {
  const column = curvesColumn({ panels: PANELS, modes: 4 });
  column.setCurves({ marks: [{ iteration: 2, text: "k 1→5" }], a: { iteration: f4(0, 2, 4), jsd: f4(0.6, 0.5, 0.41) } });
  column.setBars({ shares: f4(0.99, 0.01, 0, 0) });
  const found = texts(calls(() => {
    column.resize(canvas, 380, 420, theme);
    column.draw();
  }));
  for (const wanted of ["JSD", "nats", "ln 2", "0.410", "k 1→5", "iteration", "fair", "99 %"]) assert.ok(found.includes(wanted), wanted);
  assert.ok(!found.includes("W₁"), "a panel whose curve has no value is not shown");
  column.setCurves({ marks: [], a: { iteration: f4(0, 2), jsd: f4(0.6, 0.5), w1: f4(NaN, 0.25) } });
  assert.ok(texts(calls(() => column.draw())).includes("0.250"), "and comes once it has");
});

test("each tile has its seed, what it holds, and what became of it", () => {
  const scene = { ...PLANE, seeds: 4, seed: 7, modes: 8, scale: 100 };
  const picture = tiles(scene);
  picture.resize(600, 620, theme);
  assert.equal(picture.boxes().length, 4);
  const frame = {
    run: 1, iteration: 9, shape: { fake: [4, 2, 2] },
    a: { fake: new Int16Array(16), beyond: Uint8Array.of(0, 40, 0, 0, 0, 0, 0, 0), diverged: Int32Array.of(0, 0, 5000, 0) },
  };
  const values = { tile_jsd: f4(0.4, 0.5, 0.6, NaN), tile_modes: Uint8Array.of(8, 3, 1, 0) };
  const found = texts(calls(() => picture.draw(fit(canvas, 600, 620), frame, values)));
  for (const wanted of ["seed 7", "seed 10", "JSD 0.40 · 8/8", "40 %", "diverged", "at 5,000"]) assert.ok(found.includes(wanted), wanted);
  assert.equal(found.filter((text) => text.startsWith("JSD")).length, 3, "a seed without a value says none");
});
