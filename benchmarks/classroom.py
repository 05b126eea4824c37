"""A class on one server: each student with a run, one real Chromium among them; table and limits.

Phases: all join; everyone on the same Spec; everyone on another Spec of a mix; everyone clicking;
churn (joins, reloads, dropped sockets, vanishing, hidden tabs); all leave. The students are
clients in this process (classroom_student.py, classroom_page.py). The CPU time of the students, of
Chromium and of other processes is not available to the server, so it is printed. It reads /proc, so
it needs Linux. Programs are compiled ahead, as by `ganlab warm`, unless `--eager` is given.

    python benchmarks/classroom.py --students 30 --steady 60 --minutes 10
    python benchmarks/classroom.py --students 6 --steady 5 --minutes 0.3 --leave 5   # a smoke test
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.classroom_mix import MIX, cost_of, warm
from benchmarks.classroom_phases import FRAMES, Class
from benchmarks.classroom_probes import Watcher, memory
from benchmarks.classroom_student import Student
from benchmarks.limits import Table, machine
from tests.browser.server import Server

SESSION_MB = 20.0  # limit of the growth per session
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
            table.add(f"{name}: Chromium", f">= {FRAMES:g}", text, rate >= FRAMES)
        room.tally["page errors"] = len(watcher.errors)
    await room.each(Student.leave, 1)
    lag.cancel()
    await asyncio.sleep(options.leave)
    await room.visit()  # Streamlit removes sessions that have ended when the next one ends
    await asyncio.sleep(5)
    after = memory(pid)
    sessions = options.students + options.chromium
    growth = (full["MB"] - warm["MB"]) / sessions
    text = f"{growth:.1f} (MB: {idle['MB']:.0f} idle, {warm['MB']:.0f} warm, {full['MB']:.0f} full)"
    table.add("memory, MB a session", f"<= {SESSION_MB:g}", text, growth <= SESSION_MB)
    text = f"{after['MB']:.0f} MB, peak {after['peak MB']:.0f}"
    good = after["MB"] - warm["MB"] <= options.kept * max(full["MB"] - warm["MB"], sessions)
    table.add("memory once they left", f"{options.kept:.0%} kept", text, good)
    # Streamlit keeps some minutes' sessions, with three files for each execution of a script.
    for name, slack in (("threads", 16), ("files", 32)):
        text = f"{warm[name]:.0f} warm, {full[name]:.0f} full, {after[name]:.0f} after"
        table.add(name, f"+{slack}", text, after[name] <= warm[name] + slack)
    log = server.log
    room.tally["tracebacks"] = log.count("Traceback")
    for name in ("errors", "dead sockets", "stalls", "lost clicks", "page errors", "tracebacks"):
        table.add(name, "0", str(room.tally[name]), room.tally[name] == 0)
    if options.log:
        Path(options.log).write_text(log)
    for i, student in enumerate(room.students):
        for line in student.errors[:5]:
            print(f"student {i}: {line}")


def main() -> None:
    """Hold the lesson; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--join", type=float, default=20, help="seconds over which students join")
    parser.add_argument("--steady", type=float, default=60, help="seconds of each steady phase")
    parser.add_argument("--minutes", type=float, default=10, help="of churn")
    parser.add_argument(
        "--every", type=float, default=10, help="seconds between a student's clicks"
    )
    parser.add_argument("--leave", type=float, default=130, help="seconds to wait at the end")
    parser.add_argument(
        "--kept", type=float, default=0.5, help="share of the growth allowed to stay"
    )
    parser.add_argument("--page", choices=("one", "two"), default="two", help="of the same Spec")
    parser.add_argument("--eager", action="store_true", help="without compiled programs")
    parser.add_argument("--no-chromium", dest="chromium", action="store_false")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", help="write the server's log here")
    options = parser.parse_args()
    if options.students < 1 or options.steady <= 0 or options.every <= 0:
        parser.error("at least one student, and times above 0")
    print(f"{machine()}; {options.students} students\n")
    os.environ["GANLAB_COMPILE"] = "off" if options.eager else "on"
    backend = "eager" if options.eager else "compiled"
    if not options.eager:
        print(warm(), flush=True)
    costs = [cost_of(page, query, backend) for page, query in MIX]
    print(
        "ms an iteration, alone: " + ", ".join(f"{1000 * c:.2f}" for c in costs) + f" ({backend})\n"
    )
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "log.txt", _PREPARE) as server:
            asyncio.run(lesson(options, server, table, costs))
    if table.failed:
        sys.exit("NOT within the limits: " + "; ".join(table.failed))


if __name__ == "__main__":
    main()
