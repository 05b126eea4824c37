"""A .ganlab file holds a run with its recording; a damaged or hostile one is refused in words."""

from __future__ import annotations

import io
import json
import random
import tracemalloc

import hostile
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_recording import SMALL, STEPS, play_out, same

from ganlab import Recording, Run, RunFile, Spec, SpecError
from ganlab.engine.native import program_key
from ganlab.record.run_header import FORMAT

GOOD = hostile.good()


def loaded(content: bytes) -> RunFile:
    return RunFile.load(io.BytesIO(content), "a.ganlab")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(STEPS, max_size=10), st.floats(0, 1), st.sampled_from([0.002, 0.02, 2.0]))
def test_a_run_comes_back_with_its_moments_and_continues_bit_for_bit(program, place, megabytes):
    run = Run([SMALL, SMALL.replace(seed=4)])
    Recording(run, megabytes=0.05)
    play_out(run, program)
    out = io.BytesIO()
    RunFile.of(run).write(out, megabytes)
    again = loaded(out.getvalue()).runs[0]
    same(run, again)
    at = round(place * run.updates)
    same(run.at(at), again.at(at))
    assert again.recorder.exact(at)
    # What is written of it is the same file.
    assert hostile.written(RunFile.of(again)) == hostile.written(loaded(out.getvalue()))
    for one in (run, again):
        one.update("G"), one.change(k=2), one.make(25)
    same(run, again)


def test_a_run_that_diverged_comes_back():
    wild = SMALL.replace(loss="maximum-likelihood", optimizer="sgd")
    rates = enumerate((1e-3, 1.0, 1.0))
    run = Run([wild.replace(seed=seed, g_lr=rate, d_lr=rate) for seed, rate in rates])
    Recording(run)
    while sum(run.alive.tolist()) > 1:
        run.make(7)
    again = loaded(hostile.written(RunFile.of(run))).runs[0]
    same(run, again)
    assert torch.equal(run.alive, again.alive) and again.diverged[0] is None
    same(run.at(1), again.at(1))


def test_all_that_is_known_of_runs_comes_back(tmp_path):
    runs = tuple(Run(SMALL.replace(k=k)) for k in (1, 2))
    for run in runs:
        Recording(run)
        run.advance(40)
    rows = {"iteration": np.arange(5.0), "jsd.0": np.array([0.5, np.nan, 0.1, np.inf, 0.0])}
    file = RunFile(
        tuple(run.recorder.still().run for run in runs),
        curves=rows,
        fields=("k",),
        marks=({"iteration": 3, "text": "k 1→2"},),
        notes=({"at": 4, "iteration": 4, "text": "seen"},),
        preset="mode-collapse",
        playing=True,
        speed=30.0,
    )
    file.save(tmp_path / "pair.ganlab")
    back = RunFile.load(tmp_path / "pair.ganlab")
    for name in ("fields", "marks", "notes", "preset", "playing", "speed"):
        assert getattr(back, name) == getattr(file, name), name
    want = np.where(np.isinf(rows["jsd.0"]), np.nan, rows["jsd.0"])
    np.testing.assert_array_equal(back.curves["jsd.0"], want)
    for a, b in zip(runs, back.runs, strict=True):
        same(a, b)
        same(a.at(33), b.at(33))
    size = (tmp_path / "pair.ganlab").stat().st_size
    assert 0.7 * size < file.nbytes_with() < 1.5 * size
    with pytest.raises(SpecError, match="2 runs"):
        Run.load(tmp_path / "pair.ganlab")


def test_save_and_load_know_the_suffix(tmp_path):
    run = Run(SMALL)
    Recording(run)
    run.make(90)
    run.save(tmp_path / "a.ganlab"), run.save(tmp_path / "a.npz")
    again = Run.load(tmp_path / "a.ganlab")
    same(run, again)
    assert again.recorder.frames.updates == [*run.recorder.frames.updates, 90]  # and the present
    old = RunFile.load(tmp_path / "a.npz")  # any reader of the one reads the other
    assert torch.equal(old.runs[0].state.g, run.state.g) and old.runs[0].events == run.events
    with pytest.raises(SpecError, match=r"ends in \.npz or \.ganlab"):
        run.save(tmp_path / "a.pt")
    with np.load(tmp_path / "a.ganlab", allow_pickle=False) as arrays:  # nothing but plain arrays
        assert arrays["states_0"].dtype == np.float32


def edited(**changes) -> bytes:
    parts = hostile.members(GOOD)
    header = json.loads(parts["run.json"])
    return hostile.packed(parts | {"run.json": json.dumps(header | changes).encode()})


def test_another_machine_or_version_is_told(monkeypatch):
    assert loaded(GOOD).note == ""
    made = {"by": "ganlab 9, torch 8", "on": "elsewhere"}
    file = loaded(edited(made=made))
    assert "ganlab 9, torch 8" in file.note
    recording = file.runs[0].recorder
    kept = recording.frames.updates
    assert all(recording.exact(at) for at in kept)  # States need no replay
    between = [at for at in range(kept[-1]) if at not in kept]
    assert between and not any(recording.exact(at) for at in between)
    recording.run.make(30)  # what is made here is exact
    assert recording.exact(recording.run.updates)
    # A file that was opened and saved again still says so.
    again = loaded(hostile.written(RunFile.of(recording.run))).runs[0].recorder
    assert not any(again.exact(at) for at in between) and again.exact(recording.run.updates)


def test_a_newer_format_is_refused_by_name():
    with pytest.raises(SpecError, match="a newer version of ganlab wrote a.ganlab"):
        loaded(edited(ganlab=FORMAT + 1))


def test_specs_are_allowed_before_their_arrays_are_read():
    def allow(courses):
        (course,) = courses
        assert course.start == (hostile.SPEC,) and len(course.events) == 2
        raise SpecError("batch", 8, "less")

    parts = hostile.members(GOOD) | {"states_0.npy": b"never read"}
    with pytest.raises(SpecError, match="no array"):
        loaded(hostile.packed(parts))
    with pytest.raises(SpecError, match="batch"):
        RunFile.load(io.BytesIO(GOOD), allow=allow)
    with pytest.raises(SpecError, match="more than 1,000 bytes"):
        RunFile.load(io.BytesIO(GOOD), most=1000)


@pytest.mark.parametrize("way", dict.fromkeys(hostile.WAYS), ids=lambda way: way.__name__)
def test_hostile_files_are_refused_or_as_good_as_any(way):
    r = random.Random(way.__name__)
    fates = {hostile.fate(way(GOOD, r), GOOD) for _ in range(40)}
    assert "refused" in fates


def test_a_hostile_file_takes_no_more_memory_than_it_has_bytes():
    wide = Spec(g_hidden=(512,) * 4, d_hidden=(512,) * 4, batch=4096, unroll=20).to_dict()
    parts = hostile.members(GOOD)
    header = json.loads(parts["run.json"])
    header["runs"][0] |= {"start": [wide] * 1000}
    deep = parts | {"run.json": b"[" * 1_000_000}
    zeros = {"states_0.npy": hostile.array(np.zeros(10**7, np.float32))}
    for content in (
        hostile.packed(parts | {"run.json": json.dumps(header).encode()}),
        hostile.packed(deep),
        hostile.packed(parts | zeros, 8),
    ):
        tracemalloc.start()
        with pytest.raises(SpecError):
            loaded(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 * len(content) + 5e6
    # One that is as large as it says is refused before its States are read.
    content = hostile.packed(parts | zeros)
    tracemalloc.start()
    with pytest.raises(SpecError, match="states_0"):
        loaded(content)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def test_the_key_of_files_is_that_of_compiled_programs():
    assert json.loads(hostile.members(GOOD)["run.json"])["made"]["on"] == program_key.surroundings()
