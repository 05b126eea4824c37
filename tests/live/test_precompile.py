"""Programs compiled in idle time: which ones, in what order, for how long, and when not."""

import os
import threading
from types import SimpleNamespace

import pytest
from live_helpers import until

from ganlab.engine.native import build, cache, compile_queue
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
from ganlab.limits import limited
from ganlab.live import precompile
from ganlab.live.pools import NOWHERE, Pools
from ganlab.live.precompile import Precompiler, mostly_idle
from ganlab.live.scheduler import Scheduler
from ganlab.live.story import story_of
from ganlab.presets import DEFAULTS, PRESETS, groups, to_compile


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def quick(monkeypatch):
    """Compiling is on, and the server is idle at every check."""
    monkeypatch.setenv("GANLAB_COMPILE", "on")
    for name in ("_CHECK_SECONDS", "_BESIDE_SECONDS", "_NOTHING_SECONDS"):
        monkeypatch.setattr(precompile, name, 0.01)
    monkeypatch.setattr(Precompiler, "idle", lambda self: True)


class Made(CompileQueue):
    """A queue whose compiler is `make`, and whose programs are not checked."""

    def __init__(self, make):
        self.begun = []

        def compile(structure):
            self.begun.append(structure)
            make(structure)
            return cache.store(structure, fill)

        super().__init__(compile)

    def _load(self, request):
        if cache.find(request.structure) is None:
            return False
        request.finish("ready", program="a program")
        return True


def fill(folder) -> None:
    for part in build.PARTS:
        (folder / part).write_bytes(part.encode())


def fail(structure) -> None:
    raise RuntimeError("no program")


def page(preset="", spec=None, watched=True, state="playing"):
    """Replaces a session."""
    specs = PRESETS[preset].specs if preset else (spec or DEFAULTS[2],)
    story = story_of(preset, specs)
    return SimpleNamespace(story=story, spec=specs[0], watched=watched, state=state)


def structures(specs) -> list[Structure]:
    return list(dict.fromkeys(Structure.of(spec) for spec in specs))


def order(sessions) -> list[Structure]:
    """The structures compiled, in order."""
    here, found = Precompiler(lambda: sessions), []
    while (structure := here.next()) is not None:
        found.append(structure)
        here._tried.add(structure)
    return found


def test_what_pages_open_with_comes_first_then_the_gallery_in_its_order():
    found = order([])
    assert found == structures(to_compile()) and len(set(found)) == len(found)
    shown = [s for names in groups().values() for n in names for s in PRESETS[n].specs]
    places = [found.index(structure) for structure in structures([*DEFAULTS.values(), *shown])]
    assert places[:2] == [0, 1] and all(place >= 0 for place in places)
    early = [s for n in PRESETS if not PRESETS[n].published for s in PRESETS[n].specs]
    assert set(structures(early)) <= set(
        found[: -len(structures(s for s in shown if s not in early))]
    )


def test_nearest_is_what_open_pages_may_show_next():
    names = list(PRESETS)
    at = names.index("collapse")
    cured = PRESETS["collapse"].cured()
    assert len(cured) == 2 and {s.unroll for s in cured} == {0, 5}
    beside = [s for n in (names[at + 1], names[at - 1]) for s in PRESETS[n].specs]
    found = order([page("collapse")])
    first = structures([*cured, *beside])
    assert found[: len(first)] == first and set(found) == set(structures(to_compile()))
    # The default's page offers a preset; the page opened last comes first, and unwatched pages do
    # not count.
    first = structures([*PRESETS["collapse"].specs, *cured, *beside])
    assert order([page("collapse"), page()])[: len(first)] == first
    assert order([page("collapse", watched=False)]) == order([])


def test_what_is_there_is_not_compiled_again():
    first, second, third = structures(to_compile())[:3]
    cache.store(second, fill)
    assert cache.there(second) and not cache.there(first)
    assert order([])[:2] == [first, third]


def test_nothing_takes_the_place_of_other_programs(own_cache):
    here = Precompiler(lambda: [])
    place = cache.store(structures(to_compile())[0], fill)
    with limited(cache_gb=0.01):
        assert here.next() is not None
        with open(place / "d.so", "ab") as file:
            file.truncate(9_100_000)
        assert cache.full() and here.next() is None
    assert here.next() is not None


def test_idle_is_who_has_cores_to_spare(monkeypatch):
    playing, paused = page(), page(state="paused")
    monkeypatch.setattr(precompile, "cores", lambda: 4)
    assert mostly_idle([playing, paused], 0.3, 2.0)
    assert not mostly_idle([playing, paused], 0.45, 2.0)
    assert mostly_idle([paused], 0.9, 3.9) and mostly_idle([], 0.9, 0.0)
    assert not mostly_idle([], 0.0, 4.0)  # others need the machine
    monkeypatch.setattr("ganlab.mnist.folder.QUEUE.working", lambda: ["a run"])
    assert not mostly_idle([], 0.0, 0.0)


def test_usage_is_a_share_of_all_cores(monkeypatch):
    now, of = SimpleNamespace(clock=10.0, cpu=1.0), {"a": 5.0, "b": None}
    fake = SimpleNamespace(monotonic=lambda: now.clock, process_time=lambda: now.cpu)
    monkeypatch.setattr(precompile, "cores", lambda: 3)
    monkeypatch.setattr(precompile, "time", fake)
    monkeypatch.setattr(precompile.processes, "cpu_seconds", of.__getitem__)
    usage = precompile.Usage(lambda: list(of))
    now.clock, now.cpu, of["a"] = 12.0, 3.0, 6.0
    assert usage.share() == pytest.approx(0.5)  # 2 seconds of its own and 1 of a process
    del of["a"]
    now.clock = 13.0
    assert usage.share() == 0.0


def test_the_processes_that_train_count_as_the_server(monkeypatch):
    pools = Pools()
    scheduler = Scheduler(1, pools=pools)
    try:
        assert pools.children == []
        pools.begin()
        assert pools.places(False) == NOWHERE and pools.children == []  # the first page opens
        monkeypatch.setattr("ganlab.live.pools._SOON", 0.0)
        assert pools.places(False) != NOWHERE
        pools.begin()
        until(lambda: len(pools.children) == 2, seconds=60)
        usage = precompile.Usage(lambda: pools.children)
        until(lambda: usage.share() > 0.0)
        assert scheduler.precompiler._usage._children() == pools.children
    finally:
        scheduler.close()
        pools.close()
    assert pools.children == []


def test_each_is_compiled_once_and_no_more_than_the_limit(quick):
    here = Made(lambda structure: None)
    one = Precompiler(lambda: [], here)
    with limited(idle_programs=3):
        one.start()
        one._thread.join(10)
    assert here.begun == structures(to_compile())[:3] and not one._thread.is_alive()
    assert here._requests == {}  # not kept in memory
    again = Precompiler(lambda: [], here)
    with limited(idle_programs=1):
        again.start()
        again._thread.join(10)
    assert here.begun == structures(to_compile())[:4]


def test_a_program_that_fails_is_tried_once_and_without_a_compiler_none_is(quick, caplog):
    first, *others = structures(to_compile())
    here = Made(lambda structure: structure == first and fail(structure))
    one = Precompiler(lambda: [], here)
    with limited(idle_programs=2):
        one.start()
        one._thread.join(10)
    assert here.begun == [first, *others[:2]]
    never = Made(fail)
    two = Precompiler(lambda: [], never)
    two.start()
    two._thread.join(10)
    assert not two._thread.is_alive() and len(never.begun) == 2 == len(set(never.begun))


@pytest.fixture
def sleeping(quick, tmp_path, monkeypatch):
    """A compile queue whose compilers, real processes, sleep."""
    script = tmp_path / "sleeping.py"
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    real = compile_queue.processes.start
    monkeypatch.setattr(
        compile_queue.processes, "start", lambda _, *a, **o: real("sleeping", *a, **o)
    )
    here = CompileQueue()
    yield here
    here.close()


def test_it_gives_way_at_once_unless_somebody_waits_for_it_by_now(sleeping, monkeypatch):
    idle = threading.Event()
    idle.set()
    monkeypatch.setattr(Precompiler, "idle", lambda self: idle.is_set())
    one, done = Precompiler(lambda: [], sleeping), []
    structure = one.next()

    def compile() -> threading.Thread:
        thread = threading.Thread(target=lambda: done.append(one.build(structure)))
        thread.start()
        until(lambda: sleeping._processes)
        return thread

    thread = compile()
    (process,) = sleeping._processes.values()
    idle.clear()
    thread.join(10)
    assert done == [False] and process.wait(10) is not None
    assert one.next() == structure and not one._failed  # it is compiled again, later

    idle.set()
    thread = compile()
    (process,) = sleeping._processes.values()
    request = sleeping.ask(structure)
    idle.clear()
    looks = []
    monkeypatch.setattr(Precompiler, "idle", lambda self: looks.append(0))
    until(lambda: len(looks) > 5)
    assert process.poll() is None and request.state == "compiling"
    sleeping.leave(request)
    thread.join(10)
    assert process.wait(10) is not None and done == [False, False]


def test_closed_it_ends_its_compiler(sleeping):
    one = Precompiler(lambda: [], sleeping)
    one.start()
    until(lambda: sleeping._processes)
    (process,) = sleeping._processes.values()
    one.close()
    assert not one._thread.is_alive() and process.wait(10) is not None
    until(lambda: not sleeping._current)
    assert sleeping._queue == []


@pytest.mark.parametrize(("compile", "most"), [("off", 100), ("on", 0)])
def test_off(monkeypatch, compile, most):
    monkeypatch.setenv("GANLAB_COMPILE", compile)
    scheduler = Scheduler(workers=1)
    with limited(idle_programs=most):
        scheduler.precompiler.start()
    assert scheduler.precompiler._thread is None
    scheduler.close()
