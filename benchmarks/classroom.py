"""A class on one server: each student with a run, one real Chromium among them; table and limits.

Phases: all join; everyone on the same Spec; everyone on another Spec of a mix; everyone clicking;
churn (joins, reloads, dropped sockets, vanishing, hidden tabs); all leave. The students are
clients in this process (classroom_student.py, classroom_page.py). The CPU time of the students, of
Chromium and of other processes is not available to the server, so it is printed. It reads /proc, so
it needs Linux. Programs are compiled ahead, as by `ganlab warm`, unless `--eager` is given.

    python benchmarks/classroom.py --students 30 --steady 40 --minutes 1.5
    python benchmarks/classroom.py --quick
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from benchmarks.classroom_mix import costs_of, warm
from benchmarks.classroom_phases import FRAMES, Class
from benchmarks.classroom_probes import Watcher, memory
from benchmarks.classroom_student import Student
from benchmarks.limits import Table, machine, most, parse
from tests.browser.server import Server

SESSION_MB = most(20)  # growth per session
# Seconds after which Streamlit has dropped the session of a page that was left. The server notices
# only after a while that a page has vanished in silence, so that `--leave` is longer.
FORGOTTEN = 120.0
# Names the server's threads in /proc.
_PREPARE = """
import threading
def named(self, run=threading.Thread.run):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write(self.name[:15])
    run(self)
threading.Thread.run = named
"""


async def lesson(
    options: argparse.Namespace, server: Server, table: Table, costs: list[float]
) -> None:
    """All phases and their rows."""
    room = Class(options, server, table)
    pid = server.pid
    idle = memory(pid)
    await room.visit()
    await asyncio.sleep(1)
    warm = memory(pid)
    lag = asyncio.create_task(room.measure_lag())
    watcher = None
    if options.chromium:
        watcher = Watcher(server.url, "/two")
        await asyncio.to_thread(watcher.begin)
    await room.join()
    await room.steady("one Spec", options.steady, None)
    full = memory(pid)
    await room.remix()
    await room.steady("mixed", options.steady, costs)
    await room.busy(options.steady)
    if options.minutes:
        await room.churn(60 * options.minutes)
    if watcher is not None:
        await asyncio.to_thread(watcher.end)
        for name, start, end in room.windows:
            rate, text = watcher.drawn_in(start, end)
            table.row(f"{name}: Chromium", rate, FRAMES[name][0], text)
        room.tally["page errors"] = len(watcher.errors)
    crowded = memory(pid)  # mixed Specs and figures need more than one Spec
    growth = (full["MB"] - warm["MB"]) / (options.students + options.chromium)
    text = f"{growth:.1f} (MB: {idle['MB']:.0f} idle, {warm['MB']:.0f} warm, {full['MB']:.0f} full)"
    table.row("memory, MB a session", growth, SESSION_MB, text)
    await room.each(Student.leave, 1)
    lag.cancel()
    if options.leave >= FORGOTTEN:
        await left(options, room, warm, crowded)
    log = server.log
    room.tally["tracebacks"] = log.count("Traceback")
    for name in ("errors", "dead sockets", "stalls", "lost clicks", "page errors", "tracebacks"):
        table.row(name, room.tally[name], most(0))
    if options.log:
        Path(options.log).write_text(log)
    for i, student in enumerate(room.students):
        for line in student.errors[:5]:
            print(f"student {i}: {line}")


async def left(
    options: argparse.Namespace, room: Class, warm: dict[str, float], crowded: dict[str, float]
) -> None:
    """The rows about the memory and files that the server still uses once everyone has left."""
    table, pid = room.table, room.server.pid
    await asyncio.sleep(options.leave)
    await room.visit()  # Streamlit removes sessions that have ended when the next one ends
    await asyncio.sleep(8)  # the server collects garbage once nobody watches
    after = memory(pid)
    grown = max(crowded["MB"] - warm["MB"], len(room.students) + options.chromium)
    kept = 100 * (after["MB"] - warm["MB"]) / grown
    text = f"{after['MB']:.0f} MB, {warm['MB']:.0f} warm, {crowded['MB']:.0f} with the class"
    table.row("memory once they left, % of growth", kept, most(options.kept), text)
    # Streamlit keeps some minutes' sessions, with three files for each execution of a script.
    for name, slack in (("threads", 16), ("files", 32)):
        text = f"{warm[name]:.0f} warm, {crowded[name]:.0f} with the class, {after[name]:.0f} after"
        table.row(f"{name}, more than warm", after[name] - warm[name], most(slack), text)


def main() -> None:
    """Run all phases; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--join", type=float, default=20, help="seconds over which students join")
    parser.add_argument("--steady", type=float, default=40, help="seconds of each steady phase")
    parser.add_argument("--minutes", type=float, default=1.5, help="of churn")
    parser.add_argument(
        "--every", type=float, default=10, help="seconds between a student's clicks"
    )
    words = f"seconds to wait at the end; below {FORGOTTEN:g} memory and files are not measured"
    parser.add_argument("--leave", type=float, default=170, help=words)
    parser.add_argument("--kept", type=float, default=50, help="%% of the growth allowed to stay")
    parser.add_argument("--page", choices=("one", "two"), default="two", help="of the same Spec")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--no-chromium", dest="chromium", action="store_false")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", help="write the server's log here")
    quick = {"join": 5.0, "steady": 4.0, "minutes": 0.1, "leave": 0.0, "chromium": False}
    options = parse(parser, quick)
    if options.students < 1 or options.steady <= 0 or options.every <= 0:
        parser.error("at least one student, and times above 0")
    print(f"{machine()}; {options.students} students\n")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    backend = "eager" if options.eager else "compiled"
    if not options.eager:
        print(warm(), flush=True)
    began = time.monotonic()
    costs = costs_of(backend, 1.0 if options.quick else 6.0)
    each = ", ".join(f"{1000 * cost:.2f}" for cost in costs)
    print(f"ms an iteration, all cores in use: {each} ({backend})\n")
    table = Table(began)
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "log.txt", _PREPARE) as server:
            asyncio.run(lesson(options, server, table, costs))
    table.finish(options.quick)


if __name__ == "__main__":
    main()
