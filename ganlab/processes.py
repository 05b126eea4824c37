"""Child processes that end with their parent, however it ends, together with their own children.

    process = start("ganlab.engine.native.build", "FOLDER", env={...}, cwd=...)
    end(process)          # the process and everything that it started
    lower_priority(process, 10)

The child has a process group of its own. It watches a pipe whose other end only the parent holds:
the system closes it when the parent ends, killed or not. On Linux the parent's death also sends a
signal.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_POSIX = os.name == "posix"


class Child(subprocess.Popen[Any]):
    """A child that `start` started; lifeline: the pipe that tells it when this process ends."""

    lifeline: IO[Any] | None = None


def start(module: str, *arguments: str, env: Mapping[str, str], **options: Any) -> Child:
    """Execute `main()` of a module, which finds `arguments` in `sys.argv`, in a child.

    The child ends with this process.

    Its standard input is in use; other `options` are those of `subprocess.Popen`. The thread that
    calls this must live as long as the child.
    """
    package = str(Path(__file__).resolve().parents[1])
    path = [package, *filter(None, [env.get("PYTHONPATH")])]
    process = Child(
        # -P: do not import modules from the working directory.
        [sys.executable, "-P", "-m", __name__, str(os.getpid()), module, *arguments],
        env={**env, "PYTHONPATH": os.pathsep.join(path)},
        stdin=subprocess.PIPE,
        start_new_session=_POSIX,
        creationflags=0 if _POSIX else 0x00000200,  # CREATE_NEW_PROCESS_GROUP
        **options,
    )
    # `communicate` would close the pipe, which tells the child that this process has ended.
    process.lifeline, process.stdin = process.stdin, None
    return process


def lower_priority(process: subprocess.Popen[Any], nice: int) -> None:
    """Give a child that has a session of its own a lower priority; POSIX only.

    nice: from 0 to 19, the higher the lower its priority. Linux may divide the cores among sessions
    first, and then a process' niceness matters only within its session.
    """
    if not _POSIX:
        return
    with contextlib.suppress(OSError):
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, process.pid, max(nice, ours))
    with contextlib.suppress(OSError, ValueError):  # not supported here
        # A new session has an autogroup of its own, with niceness 0, whatever this one's is. The
        # file of a process that has none is empty.
        ours = int(Path("/proc/self/autogroup").read_text().rpartition(" ")[2] or 0)
        _set_autogroup(process.pid, min(19, ours + nice))


def _set_autogroup(pid: int, nice: int) -> None:
    for _ in range(5):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(nice))
            return
        except BlockingIOError:  # without CAP_SYS_ADMIN: one change every .1 s on the whole machine
            time.sleep(0.11)


def use_cores(process: subprocess.Popen[Any], cores: set[int]) -> None:
    """Let a child's main thread, and what that starts, run on these cores only; Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(process.pid, cores)


def cpu_seconds(process: Child) -> float | None:
    """CPU seconds that a child and its process tree have used so far; None if unknown (Linux only).

    Of descendants only those count that still live, or whose parents have waited for them.
    """
    total, tree = 0, [process.pid]
    try:
        for pid in tree:
            here = Path(f"/proc/{pid}")
            try:
                fields = (here / "stat").read_text().rpartition(")")[2].split()
                started = [(task / "children").read_text() for task in (here / "task").iterdir()]
            except OSError:
                if pid == process.pid:
                    raise
                continue  # it has ended meanwhile
            total += sum(map(int, fields[11:15]))  # its own, and those of children waited for
            tree += [int(child) for text in started for child in text.split()]
        return total / float(os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, AttributeError):
        return None


def end(process: Child) -> None:
    """Kill a child that `start` started, and its whole process tree."""
    if _POSIX:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended already
    elif process.poll() is None:
        _end_tree(process.pid)


def _end_tree(pid: int) -> None:
    subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True)


def _end_this_tree(*_: object) -> None:
    if _POSIX:
        os.killpg(0, signal.SIGKILL)
    _end_tree(os.getpid())
    os._exit(1)


def _follow(parent: int) -> None:
    """End this process and its children when `parent` ends."""

    def watch(pipe: int) -> None:
        while True:
            try:
                if not os.read(pipe, 64):
                    return _end_this_tree()
            except InterruptedError:
                pass
            except OSError:
                return _end_this_tree()

    # The compilers that this process starts must not wait for input from the pipe.
    pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    threading.Thread(target=watch, args=(pipe,), name="ganlab-parent", daemon=True).start()
    if sys.platform == "linux":
        import ctypes

        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        except (OSError, AttributeError):
            pass  # the pipe remains
        if os.getppid() != parent:
            _end_this_tree()


def main() -> None:
    """Follow the parent, and execute `main()` of a module."""
    parent, name = int(sys.argv[1]), sys.argv[2]
    del sys.argv[1:3]
    _follow(parent)
    # While torch's libraries are loaded, which may take seconds, no Python code can end this
    # process. The signal's default action can, and there are no children yet.
    module = importlib.import_module(name)
    signal.signal(signal.SIGTERM, _end_this_tree)
    module.main()


if __name__ == "__main__":
    main()
