"""The parts of the classroom benchmark: its students on a real server, and its verdicts."""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from ganlab.limits import limit
from tests.browser.server import Server

if sys.platform != "linux":
    pytest.skip("the classroom's benchmark reads /proc", allow_module_level=True)

from benchmarks.classroom_mix import MIX, spec_of
from benchmarks.classroom_phases import Class
from benchmarks.classroom_probes import CpuShares, memory
from benchmarks.classroom_student import PARTS, Student
from benchmarks.limits import Table

PAGE_FILES = 3  # files that Streamlit keeps open for a page, and for two minutes after it


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("classroom") / "log.txt") as server:
        yield server


def small(server, page="one", seed=0):
    query = "g_hidden=8&d_hidden=8" + ("&target=ring" if page == "two" else "")
    return Student(server.url, page, query, seed, Counter())


async def frames_of(student, seconds):
    student.frames.clear()
    await asyncio.sleep(seconds)
    return len(student.frames)


def test_a_student_watches_clicks_hides_blinks_and_reloads(server):
    async def lesson():
        student = small(server)
        parts = await student.join()
        assert len(parts) == len(PARTS) and all(0 < seconds < 30 for seconds in parts)
        assert await frames_of(student, 1) > 3  # beyond those in flight: it acknowledges
        await student.click("pause")
        before = student.status
        await student.click("step")
        await student.click("k", 3)
        after = student.status
        assert after["g_updates"] == before["g_updates"] + 1
        assert after["values"]["k"] == 3
        await student.figure()
        await student.click("play")
        await student.look(False)
        await asyncio.sleep(0.3)
        assert await frames_of(student, 0.5) == 0
        await student.look(True)
        assert await frames_of(student, 1) > 3
        iteration = student.frames[-1][1]
        await student.blink()  # the same run continues
        assert await frames_of(student, 0.5) > 0 and student.frames[0][1] >= iteration
        await student.click("sidebar")
        await student.click("speed", 1e6)  # its status belongs to the new run
        query, old = parse_qs(student.status["query"]), parse_qs(before["query"])
        assert query.pop("batch") == ["200"] and old.pop("batch") == ["256"]
        assert query.pop("k") == ["3"] and old.pop("k") == ["1"]
        assert query == old  # nothing else has changed
        assert [kind for kind, *_ in student.clicks] == [
            "pause", "step", "k", "play", "sidebar", "speed"
        ]  # fmt: skip
        assert all(0 <= ms < 20_000 for *_, ms in student.clicks) and len(student.figures) == 1
        await student.leave()
        await student.join()
        await student.leave()
        assert not student.errors and student.tally == {"joins": 2}

    asyncio.run(lesson())
    assert "Traceback" not in server.log


def test_who_vanishes_disturbs_nobody_and_leaves_no_connection(server):
    async def lesson():
        here, gone, silent = small(server), small(server, "two", 1), small(server, "two", 2)
        idle = memory(server.pid)["files"]
        await asyncio.gather(here.join(), gone.join(), silent.join())
        assert memory(server.pid)["files"] >= idle + 3 * (2 + PAGE_FILES)
        gone.vanish()
        silent.vanish(silent=1.0)
        assert not gone.joined and not silent.joined
        assert await frames_of(here, 2) > 3
        await here.leave()
        end = time.monotonic() + 10
        # Both sockets of each are closed; processes for a class have begun meanwhile.
        most = idle + 3 * PAGE_FILES + int(limit("run_processes"))
        while memory(server.pid)["files"] > most and time.monotonic() < end:
            await asyncio.sleep(0.1)
        assert memory(server.pid)["files"] <= most
        assert not (here.errors + gone.errors + silent.errors)

    asyncio.run(lesson())
    assert "Traceback" not in server.log


def test_a_dead_server_is_noticed(tmp_path):
    async def lesson(server):
        student = small(server)
        await student.join()
        await asyncio.to_thread(server.__exit__)
        end = time.monotonic() + 10
        while student.joined and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert student.tally["dead sockets"] >= 1 and student.errors
        with pytest.raises(OSError):
            await student.join()

    with Server(tmp_path / "log.txt") as server:
        asyncio.run(lesson(server))


@pytest.fixture
def room():
    options = argparse.Namespace(students=2, page="one", seed=0)
    return Class(options, SimpleNamespace(url="http://127.0.0.1:1", pid=os.getpid()), Table())


def test_limits_are_judged_on_both_sides(room, capsys):
    room.frames("one Spec", [10.0, 14.0])
    room.frames("one Spec", [9.9, 14.2])
    room.frames("mixed", [9.1, 9.2])  # the worst is good enough, the median is not
    room.frames("clicking", [])
    room.fairness("good", "shares", [2.0, 2.6])
    room.fairness("unfair", "shares", [2.0, 2.7])
    room.fairness("starved", "shares", [0.0, 3.0])
    assert [name.split(":")[0] for name in room.table.failed] == [
        "one Spec", "mixed", "clicking", "unfair", "starved"
    ]  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[-2].strip() for line in lines] == [
        "ok", "NOT", "NOT", "NOT", "ok", "NOT", "NOT"
    ]  # fmt: skip


def test_the_mix_is_of_both_labs_and_fits_its_pages():
    assert {spec_of(page, query).dim for page, query in MIX if page == "one"} == {1}
    assert {spec_of(page, query).dim for page, query in MIX if page == "two"} == {2}


def test_cpu_is_told_by_who_used_it(server):
    cpu, wall, own = CpuShares(server.pid), time.perf_counter(), time.process_time()
    while time.process_time() - own < 0.5:
        pass
    used = 100 * (time.process_time() - own) / (time.perf_counter() - wall)
    shares = dict(part.rsplit(" ", 1) for part in cpu.shares()[0].split(", "))
    assert float(shares["students"]) == pytest.approx(used, rel=0.3, abs=5)
