"""Compiled updates equal eager ones: every code path, any number, many runs, any end."""

import dataclasses
import shutil
import threading
import time

import pytest
import torch

from ganlab import Recording, Run, Spec, SpecError
from ganlab.engine.explain import explain
from ganlab.engine.native import build, cache, program_key
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.native.play import Compiled
from ganlab.engine.structure import Structure
from ganlab.limits import limited
from ganlab.live.process_pool import ProcessPool

pytestmark = pytest.mark.timeout(1000)
COMPILE_QUEUE = CompileQueue()
SPECS = {
    "sgd, minimax": Spec(
        optimizer="sgd", loss="minimax", g_lr=0.05, d_lr=0.1, g_hidden=(), d_hidden=(5,), batch=31
    ),
    "adam, unrolled": Spec(
        target="grid",
        latent_dim=7,
        latent="uniform",
        g_hidden=(16,),
        d_hidden=(12, 12),
        g_activation="tanh",
        d_activation="relu",
        batch=20,
        unroll=2,
    ),
}


@pytest.fixture(scope="module")
def requests():
    """One program for each code path: half a minute each, two at a time."""
    with limited(compile_jobs=2):
        asked = {
            # No other work of these tests needs the processor, so their compilers keep the normal
            # priority.
            name: COMPILE_QUEUE.ask(Structure.of(spec), nice=0)
            for name, spec in SPECS.items()
        }
        for one in asked.values():
            assert one.state in ("waiting", "compiling") and one.program is None
        yield asked


@pytest.fixture(params=list(SPECS), scope="module")
def case(request, requests):
    """A Spec and its program."""
    spec, asked = SPECS[request.param], requests[request.param]
    program = asked.wait(900)
    assert asked.state == "ready", asked.reason
    return spec, program


def test_a_program_is_found_on_disk_and_rebuilt_if_damaged(requests, tmp_path, monkeypatch):
    for asked in requests.values():  # all of them: their compilers inherit the cache's place
        assert asked.wait(900) is not None and asked.state == "ready" and asked.seconds > 1
    structure = Structure.of(SPECS["sgd, minimax"])
    made = cache.find(structure)
    assert {p.name for p in made.iterdir()} == {*build.PARTS, "manifest.json"}

    # A separate cache with this program, and a copy of it under the name of another.
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    folder = tmp_path / "programs" / made.name
    other = dataclasses.replace(structure, batch=structure.batch + 1)
    shutil.copytree(made, folder)
    shutil.copytree(made, folder.with_name(program_key.key(other)))
    assert cache.find(other) is None and cache.find(structure) == folder
    again = CompileQueue().ask(structure)
    assert again.state == "ready" and again.seconds == 0.0

    library = folder / "d.so"
    content = library.read_bytes()
    library.unlink()  # this process has it open, so it must not be modified in place
    library.write_bytes(content[:-1] + b"?")
    assert cache.find(structure) is None

    def compile_again(of: Structure):  # returns the program that the compiler made before
        parts = {p: (made / p).read_bytes() for p in build.PARTS}
        return cache.store(of, lambda draft: [(draft / p).write_bytes(c) for p, c in parts.items()])

    rebuilt = CompileQueue(compile_again).ask(structure)
    assert rebuilt.wait(900) is not None and rebuilt.state == "ready" and rebuilt.seconds > 0
    assert cache.find(structure) == folder and library.read_bytes() == content
    beside = [p.name for p in folder.parent.iterdir() if not p.name.isalnum()]
    assert beside == [".lock"], "no drafts are left"


def compiled(spec, program) -> Run:
    run = Run(spec)
    run.use(program)
    return run


def tensors(run: Run) -> tuple[torch.Tensor, ...]:
    s = run.state
    return (s.g, s.d, *s.g_slots, *s.d_slots)


def counts(run: Run):
    s = run.state
    return s.d_updates, s.g_updates, s.phase, run.last, run.diverged


def same(a: Run, b: Run) -> bool:
    pairs = zip(tensors(a), tensors(b), strict=True)
    return counts(a) == counts(b) and all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.parametrize(("k", "g_steps"), [(0, 1), (1, 1), (3, 2)])
def test_a_hundred_iterations_equal_the_eager_ones(case, k, g_steps):
    spec, program = case
    spec = spec.replace(k=k, g_steps=g_steps if spec.rule == "alternating" else 1)
    eager, fast = Run(spec), compiled(spec, program)
    start = eager.state
    assert eager.advance(100) == fast.advance(100) == 100
    assert counts(eager) == counts(fast)
    for a, b in zip(tensors(eager), tensors(fast), strict=True):
        # Adam's step is the gradient over its own size: near 0 rounding can change its sign.
        assert (a - b).abs().mean() < 2e-5
    assert (fast.state.g - start.g).abs().max() > 1e-3
    assert torch.equal(fast.state.d, start.d) == (k == 0)


def test_a_recorded_moment_is_made_by_what_made_it(case):
    """An eager run, for which a program becomes ready, and which loses it again."""
    spec, program = case

    def made(updates: int, run: Run) -> Run:
        for until, by in ((11, None), (36, program), (45, None)):
            run.use(by)
            run.make(max(0, min(until, updates) - run.updates))
        return run

    run = Run(spec)
    recording = Recording(run, megabytes=0.05)
    made(45, run)
    for updates in (40, 5, 11, 30, 36, 29):
        moment, other = run.at(updates), made(updates, Run(spec))
        assert counts(moment) == counts(other) and recording.exact(updates)
        assert all(map(torch.equal, tensors(moment), tensors(other)))


@pytest.fixture(scope="module")
def process():
    one = ProcessPool(lambda: 1, waits=True)
    yield one
    one.close()


def test_another_process_computes_the_same_bit_for_bit(case, process):
    spec, program = case
    here, apart = compiled(spec, program), compiled(spec, program)
    apart.elsewhere = process
    for run in (here, apart):
        run.make(7)
        run.change(k=2)
        run.make(30)
    assert same(here, apart) and here.updates == 37


def test_numbers_change_without_another_program(case):
    spec, program = case
    eager, fast = Run(spec), compiled(spec, program)
    for run in (eager, fast):
        run.advance(10)
        run.change(k=2, g_lr=spec.g_lr / 3, d_lr=spec.d_lr * 2)
        run.advance(20)
    assert fast.program is program and counts(eager) == counts(fast) == (50, 30, 0, "G", [None])
    for a, b in zip(tensors(eager), tensors(fast), strict=True):
        assert (a - b).abs().mean() < 2e-5


def test_however_it_is_cut_it_is_the_same_bit_for_bit(case):
    spec, program = case
    spec = spec.replace(k=2)
    whole, parts = compiled(spec, program), compiled(spec, program)
    whole.advance(300)
    parts.update()
    parts.advance(1)
    for iterations in (1, 2, 37, 100):
        parts.advance(iterations)
    for player in "DDG":
        assert parts.update(player) == player
    assert [parts.make(updates) for updates in (1, 4, 60)] == [1, 4, 60]
    assert parts.state.phase == 2  # 65 updates: 21 iterations, and both of D's of the next
    parts.advance(158 - 21)
    assert same(whole, parts)


def test_an_explained_iteration_is_the_programs_own_bit_for_bit(case):
    spec, program = case
    run = compiled(spec.replace(k=2), program)
    run.advance(3)
    for one in explain(run.game, run.state, run.draws, Compiled(program), b"DDG"):
        run.update()
        assert torch.equal(one.after.g, run.state.g) and torch.equal(one.after.d, run.state.d)
    assert run.iteration == 4


@pytest.mark.parametrize("k", [0, 1, 5])
def test_make_is_one_call_wherever_it_begins(case, k, monkeypatch):
    spec, program = case
    run, calls = compiled(spec.replace(k=k), program), []
    play = run._play
    monkeypatch.setattr(run, "_play", lambda players: (calls.append(players), play(players)))
    for updates in (3, 5, 4, 11, 1, 12):
        assert run.make(updates) == updates
        assert len(calls.pop()) == updates and not calls


def test_saved_and_loaded_it_goes_on_bit_for_bit(case, tmp_path):
    spec, program = case
    run = compiled(spec, program)
    run.advance(40)
    run.save(tmp_path / "run.npz")
    other = Run.load(tmp_path / "run.npz")
    other.use(program)
    run.advance(40)
    other.advance(40)
    assert same(run, other)


def test_runs_together_are_the_runs_alone_bit_for_bit(case):
    spec, program = case
    specs = [spec.replace(seed=s, g_lr=spec.g_lr * (1 + s)) for s in range(5)]
    together = compiled(specs, program)
    before = together.state
    kept = before.g.clone()
    together.advance(150)
    assert torch.equal(before.g, kept), "a State never changes"
    for r, one in enumerate(specs):
        alone = compiled(one, program)
        alone.advance(150)
        for a, b in zip(tensors(together), tensors(alone), strict=True):
            assert torch.equal(a[r], b[0])
    assert counts(together)[:4] == counts(alone)[:4]


def test_divergence_is_that_of_the_eager_run():
    program = COMPILE_QUEUE.ask(Structure.of(SPECS["sgd, minimax"])).wait(900)
    wild = SPECS["sgd, minimax"].replace(g_lr=50.0, d_lr=50.0, loss="minimax")
    calm = SPECS["sgd, minimax"].replace(seed=2)
    eager, fast = Run(wild), compiled(wild, program)
    eager.advance(5000)
    fast.advance(5000)
    assert eager.stopped and fast.stopped
    # Rounding decides when a chaotic run diverges, but not that it does, nor how this is reported.
    told = fast.diverged[0]
    assert told.iteration == fast.iteration + 1 and told.player == fast.next_player
    assert told.quantity.startswith(("D's", "G's", "the square")) and "rate" in told.cause
    assert all(torch.isfinite(t).all() for t in tensors(fast))
    at = fast.state
    assert fast.advance(10) == 0 and fast.state is at

    both = compiled([wild, calm], program)
    both.advance(2000)
    alone = compiled(calm, program)
    alone.advance(2000)
    assert both.diverged[0] is not None and both.diverged[1] is None and not both.stopped
    assert torch.equal(both.state.g[1], alone.state.g[0])
    assert torch.equal(both.state.g[0], fast.state.g[0])
    assert both.diverged[0] == told


def test_a_program_of_another_code_is_refused(case):
    spec, program = case
    run = Run(spec.replace(batch=spec.batch + 1))
    with pytest.raises(SpecError, match="program"):
        run.use(program)
    fast = compiled(spec, program)
    fast.change(loss="minimax" if spec.loss != "minimax" else "non-saturating")
    assert fast.program is None and fast.advance(2) == 2
    assert dataclasses.asdict(program.structure) == dataclasses.asdict(Structure.of(spec))


def test_other_threads_go_on_meanwhile(case):
    spec, program = case
    run = compiled(spec, program)
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    while time.perf_counter() - start < 1.0:
        run.advance(100)
    done.set()
    thread.join()
    # If the interpreter lock were held during each call, there would be at most one tick per call.
    assert len(ticks) > 200
