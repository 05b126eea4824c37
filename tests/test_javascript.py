"""The front end's own tests, in node; and comparisons of code that exists in both languages."""

from __future__ import annotations

import json
import math
import re

import numpy as np

from ganlab.figures.base import steady
from ganlab.figures.curves import span_of
from ganlab.figures.panel import range_of
from ganlab.live.wire import encode
from tests.javascript import ROOT, run, value


def test_the_front_ends_own_tests_pass():
    files = [str(path) for path in sorted((ROOT / "tests" / "js").glob("*.test.js"))]
    done = run("--test", "--test-isolation=none", "--test-force-exit", *files)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = int(re.search(r"pass (\d+)", done.stdout)[1])
    assert passed >= len(files) > 5


def test_the_front_end_reads_what_the_server_writes():
    rng = np.random.default_rng(0)
    arrays = {
        "f": rng.normal(size=(3, 5)).astype(np.float32),
        "u": rng.integers(0, 256, (7,), np.uint8),
        "i": rng.integers(-99, 99, (2, 3, 2)).astype(np.int16),
        "l": rng.integers(-(10**9), 10**9, 4).astype(np.int32),
        "none": np.empty((0, 2)),
    }
    message = encode({"type": "frame", "text": "D(x) → ½", "nan": math.nan}, arrays)
    code = f"""(() => {{
      const m = wire.decode(Uint8Array.from({list(message)}).buffer);
      const a = Object.fromEntries(Object.entries(m.a).map(([name, v]) => [name, [...v]]));
      return {{ ...m, a }};
    }})()"""
    got = value(code, wire="wire.js")
    assert (got["text"], got["nan"]) == ("D(x) → ½", None)
    for name, array in arrays.items():
        assert got["shape"][name] == list(array.shape)
        np.testing.assert_array_equal(np.array(got["a"][name]), array.ravel())


NUMBERS = [0.0, -0.0, 1.0, -2210.0, 0.0351, -1.3863, 12.34, 250.4, 31415.9, 1e-5, -3.54e27,
           9.99e-23, 9999.0, 10000.0, 0.0005, 4.99e-4, 1.005, 99.96, 999.5]  # fmt: skip


def test_values_are_written_alike():
    assert value(f"{NUMBERS}.map(plot.steady)", plot="plot.js") == [steady(v) for v in NUMBERS]


def _panels() -> list[tuple[dict, list[float]]]:
    """Panels and values of all kinds: lines, spikes, gaps, ends, logarithms, nothing."""
    rng = np.random.default_rng(1)
    out = []
    for i in range(60):
        n = int(rng.choice([0, 1, 2, 30, 400]))
        values = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
        log = bool(i % 2)
        values = np.exp(values / (abs(values).max() + 1e-9) * 3) if log and n else values
        if n > 10:
            values[rng.integers(n)] *= 1e5
            values[rng.integers(n, size=3)] = np.nan
        panel = {
            "id": "p",
            "title": "p",
            "series": [{"key": "v", "title": "v", "role": "G"}],
            "lines": [{"value": float(rng.normal()), "title": "l"}] if i % 3 == 0 else [],
            "log": log,
            "low": 0.25 if i % 5 == 0 else None,
            "high": 40.0 if i % 7 == 0 else None,
        }
        out.append((panel, values.astype(np.float32)))
    return out


def test_panels_have_the_same_range_on_the_canvas_and_in_figures():
    cases = _panels()
    sent = json.dumps([[p, [None if math.isnan(v) else float(v) for v in y]] for p, y in cases])
    code = f"""{sent}.map(([panel, v]) => panels.panelRange(panel, {{ a: {{
      iteration: Float32Array.from(v.keys()),
      v: Float32Array.from(v.map((x) => x ?? NaN)),
    }} }}))"""
    for (panel, values), found in zip(cases, value(code, panels="panels.js"), strict=True):
        low, high = range_of(panel, [values])
        ends = np.log10(found) if panel["log"] else np.array(found)
        np.testing.assert_allclose(ends, [low, high], rtol=1e-5, atol=1e-6)


SPANS = [([], None), ([], [0, 500]), ([0.0], None), ([0, 7], [0, 9000]), ([3, 90], [0, 500]),
         ([0, 400], [0, 300]), ([0, 120], [])]  # fmt: skip


def test_iterations_have_the_same_ends_on_the_canvas_and_in_figures():
    code = f"{json.dumps(SPANS)}.map(([now, then]) => panels.spanOf(now, then ?? undefined))"
    for (now, then), found in zip(SPANS, value(code, panels="panels.js"), strict=True):
        before = None if then is None else np.array(then, np.float32)
        assert tuple(found) == span_of(np.array(now, np.float32), before)
