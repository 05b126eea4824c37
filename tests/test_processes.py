"""A child ends with its parent, however that ends, together with its own children."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ganlab import processes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups")

# A child that starts a process of its own, as a compiler does.
CHILD = """
import os, subprocess, sys

def main():
    sys.stdin.read()  # empty: what is started here must not wait
    worker = subprocess.Popen(["sleep", "60"])
    print(os.getpid(), worker.pid, flush=True)
    worker.wait()
"""
PARENT = """
import os, sys
from ganlab import processes
child = processes.start("child_that_compiles", env=os.environ, stdout=None)
print("parent", flush=True)
sys.stdin.read() if len(sys.argv) < 2 else child.wait()
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    """An environment in which the child's module is found."""
    (tmp_path / "child_that_compiles.py").write_text(CHILD)
    known = [str(tmp_path), os.path.dirname(os.path.dirname(processes.__file__))]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(known))
    return tmp_path


def alive(pid: int) -> bool:
    """Whether a process is running; a zombie is not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pids, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(alive, pids))


def family(path):
    """A parent, and the pids of its child and grandchild."""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=path, **options)
    words = [parent.stdout.readline().split() for _ in range(2)]
    (pids,) = (list(map(int, w)) for w in words if w != ["parent"])
    assert all(map(alive, pids))
    return parent, pids


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "end of input"])
def test_the_tree_ends_with_the_parent(path, how):
    parent, pids = family(path)
    if how == "end of input":
        parent.communicate()
    else:
        os.kill(parent.pid, getattr(signal, how))
        parent.wait(10)
    assert gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="a signal of the parent's death")
def test_a_child_that_loads_a_library_ends_with_the_parent(path):
    """Loading one may take many seconds, in which no Python code is executed."""
    (path / "child_that_compiles.py").write_text(
        "import os\n"
        "print(os.getpid(), flush=True)\n"
        "sum(range(2**62))  # holds the interpreter lock\n"
    )
    parent, pids = family(path)
    parent.kill()
    parent.wait(10)
    assert gone(pids)
    parent.communicate()


def test_a_child_that_is_told_to_end_takes_its_own_along(path):
    parent, pids = family(path)
    os.kill(pids[0], signal.SIGTERM)
    assert gone(pids) and parent.poll() is None
    parent.communicate()


def test_end_ends_all_of_it_and_what_is_gone_already(path):
    child = processes.start(
        "child_that_compiles", env=os.environ, stdout=subprocess.PIPE, text=True
    )
    pids = list(map(int, child.stdout.readline().split()))
    assert pids[0] == child.pid and all(map(alive, pids))
    os.kill(child.pid, signal.SIGKILL)  # this does not end the grandchild
    child.wait(10)
    assert alive(pids[1])
    processes.end(child)
    assert gone(pids)
    processes.end(child)
    child.stdout.close()


def test_the_pipe_alone_is_enough(path, monkeypatch):
    """On systems that do not signal a parent's death."""
    monkeypatch.setenv("PYTHONSTARTUP", "")
    hide = "import sys; sys.platform = 'other'\n"
    (path / "sitecustomize.py").write_text(hide)
    parent, pids = family(path)
    parent.kill()
    parent.wait(10)
    assert gone(pids)


def group(pid):
    """The kernel's value for a process's session; "" if it has none of its own."""
    try:
        return Path(f"/proc/{pid}/autogroup").read_text()
    except FileNotFoundError:
        return ""


@pytest.mark.parametrize("none", [False, True], ids=["as it is", "no session of its own"])
@pytest.mark.parametrize("nice", [5, 19])
def test_a_child_stands_back_behind_other_sessions_too(path, nice, none, monkeypatch):
    ours = group("self")
    read = Path.read_text
    if none:  # as where the server is started without a session, by a container for example
        monkeypatch.setattr(Path, "read_text", lambda p: "" if "self" in p.parts else read(p))
    before = 0 if none or not ours else int(ours.split()[-1])
    child = processes.start("child_that_compiles", env=os.environ, stdout=subprocess.PIPE)
    try:
        processes.lower_priority(child, nice)
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == nice
        if theirs := group(child.pid):
            assert theirs.split()[-2:] == ["nice", str(min(19, before + nice))]
        if ours:  # only the child's priority is lowered
            assert read(Path("/proc/self/autogroup")) == ours
    finally:
        processes.end(child)
        child.communicate()


def test_a_change_that_comes_too_soon_after_another_is_tried_again(monkeypatch):
    """Without CAP_SYS_ADMIN, the system takes one change every .1 s."""
    written = []

    def write(path, text):
        written.append((path.parts[2], text))
        if len(written) < 3:
            raise BlockingIOError
        return len(text)

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(time, "sleep", lambda s: None)
    processes._set_autogroup(17, 5)
    assert written == [("17", "5")] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="CPU seconds are read from /proc")
def test_cpu_seconds_are_those_of_the_whole_tree(tmp_path):
    """A child that uses .3 s itself, has waited for a child with .3 s, and has one at work."""
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    (tmp_path / "burning.py").write_text(
        f"import subprocess, sys\n{burn}burn = {burn!r}\n"
        "def main():\n"
        "    subprocess.run([sys.executable, '-c', burn])\n"
        "    subprocess.run([sys.executable, '-c', burn + 'time.sleep(60)'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    child = processes.start("burning", env=environment)
    try:
        end = time.monotonic() + 50
        while (used := processes.cpu_seconds(child)) is not None and used < 0.8:
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.3)
        later = processes.cpu_seconds(child)
        assert used is not None and 0.8 <= used <= later < 1.6  # interpreters take some to start
    finally:
        processes.end(child)
        child.wait()
    assert processes.cpu_seconds(child) is None
