"""Faults of a sweep, by `ganlab sweep` in processes that are killed, and on disks that are full.

After each fault the sweep goes on, or says why not and goes on when it is started again. In the end
its table must equal that of a sweep without faults, to the last bit.

- a process that trains is killed; the command itself is killed at random moments (`--kills`);
- a second command is started on the same folder; Ctrl-C;
- some cells diverge;
- the disk is full (a small tmpfs, which takes root; otherwise a limit of the size of files);
- on a Dask cluster a worker is killed and another one added; the scheduler is killed.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.limits import Table, most
from benchmarks.sweeps_shell import Cluster, Shell, count, finished, workers

MAP = """
[base]
target = "ring"
g_hidden = [8]
d_hidden = [8]
batch = 32
[axes]
k = [1, 2]
g_lr = {from = 1e-4, to = 1e-2, steps = 4, scale = "log"}
d_lr = {from = 1e-4, to = 1e-2, steps = 3, scale = "log"}
[sweep]
seeds = 16
iterations = 60
checks = 6
"""
DIVERGES = MAP.replace('target = "ring"', 'target = "ring"\noptimizer = "sgd"').replace(
    "g_lr = {from = 1e-4, to = 1e-2, steps = 4", "g_lr = {from = 1e-2, to = 1e2, steps = 4"
)


class Faults:
    """One folder after the other, each compared with a sweep without faults."""

    def __init__(self, folder: Path, table: Table):
        self._folder, self._table, self._number = folder, table, 0
        self.file = folder / "map.toml"
        self.file.write_text(MAP)
        whole = Shell(self.file, folder / "whole", "--eager")
        assert whole.wait() == 0, whole.said
        self._whole = finished(folder / "whole")

    def start(self, *options: str, out: Path | None = None, file: Path | None = None) -> Shell:
        """Start the sweep, in a new folder unless one is given."""
        self._number += 1
        place = out or self._folder / f"out-{self._number}"
        return Shell(file or self.file, place, "--eager", *options)

    def same(self, what: str, out: Path, *good: bool, text: str = "") -> None:
        """A row: whether the table in a folder is the whole one, and all of `good` hold."""
        equal = finished(out).equals(self._whole)
        words = f"the same table: {equal}" + (f"; {text}" if text else "")
        self._table.add(what, "same", words, equal and all(good))

    def row(self, what: str, text: str, good: bool) -> None:
        """A row of something else."""
        self._table.add(what, "", text, good)


def killed_worker(all_: Faults) -> None:
    """One of the processes that train."""
    shell = all_.start()
    shell.until(lambda s: s.blocks)
    mine = workers(shell.pid)
    os.kill(mine[0], signal.SIGKILL)
    code = shell.wait()
    said = count(shell.said, "a process died")
    all_.same("a process killed", shell.out, code == 0, said > 0, text=f"said {said} times")


def killed(all_: Faults, kills: int, rng: np.random.Generator) -> None:
    """The command itself, at random moments, until it is done; then once more."""
    shell, done, lost = all_.start(), 0, 0
    orphans: set[int] = set()
    while done < kills:
        # While Python starts there is nothing to lose: most moments are later.
        begun = shell.blocks
        if rng.random() < 0.8:
            shell.until(lambda s, b=begun: s.blocks > b or s.said)
        shell.until(lambda s: False, float(rng.exponential(0.4)))
        if shell.process.poll() is not None:  # it was faster: another folder
            all_.same(f"kill -9, {done} so far", shell.out, shell.wait() == 0)
            shell = all_.start()
            continue
        orphans |= set(workers(shell.pid))
        before = shell.blocks
        shell.kill()
        done += 1
        lost += shell.blocks < before
        shell = all_.start(out=shell.out)
    code = shell.wait()
    time.sleep(0.5)
    left = sum(Path(f"/proc/{pid}").exists() for pid in orphans)
    text = f"{lost} blocks lost, {left} processes left"
    all_.same(f"kill -9, {kills} times", shell.out, code == 0, not lost, not left, text=text)


def stopped(all_: Faults) -> None:
    """A second start, and Ctrl-C."""
    shell = all_.start()
    shell.until(lambda s: s.blocks)
    second = all_.start(out=shell.out)
    refused = second.wait() == 2 and "no other process" in second.said
    all_.row("a second start on one folder", second.said.strip()[-48:], refused)
    shell.process.send_signal(signal.SIGINT)
    code, told = shell.wait(), "goes on from here" in shell.said
    again = all_.start(out=shell.out)
    good = code == 130, told, again.wait() == 0
    all_.same("Ctrl-C, and again", shell.out, *good, text=f"said how: {told}")


def diverging(all_: Faults, folder: Path) -> None:
    """Cells that diverge beside cells that do not."""
    file = folder / "diverges.toml"
    file.write_text(DIVERGES)
    shell = all_.start(file=file)
    good = shell.wait() == 0
    found = finished(shell.out)
    last = found.groupby(["cell", "seed"]).verdict.last()
    lost = int((last == "diverged").sum())
    rows = found[found.verdict != "diverged"].groupby(["cell", "seed"]).size()
    good = good and 0 < lost < len(last) and len(last) == 24 * 16 and bool((rows == 7).all())
    all_.row("cells that diverge", f"{lost} of {len(last)} runs, the others whole", good)


def full_disk(all_: Faults, folder: Path) -> None:
    """A disk with space for a few blocks; afterwards there is more."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    try:
        if mounted:
            shell = all_.start(out=disk / "map")
        else:  # no file may be as large as a block's
            limit = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
            shell = all_.start()
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        code, kept = shell.wait(), shell.blocks
        words = "No space left" if mounted else "File too large"
        told = words in shell.said and "are kept" in shell.said
        all_.row("a full disk", f"said so: {told}; {kept} blocks kept", code == 2 and told)
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        again = all_.start(out=shell.out)
        good = again.wait() == 0 and again.blocks > kept
        all_.same("  more space, and again", shell.out, good)
        if mounted:
            waits = full_for_a_while(all_, disk)
            all_.same("  full for a while", *waits)
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)


def full_for_a_while(all_: Faults, disk: Path) -> tuple[Path, bool]:
    """The disk is full while blocks are finished, and then is not."""
    ballast = disk / "ballast"
    shell = all_.start(out=disk / "other")
    shell.until(lambda s: s.blocks)
    free = os.statvfs(disk)
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - 4096))
    shell.until(lambda s: "no space left" in s.said)
    ballast.unlink()
    return shell.out, shell.wait() == 0 and "no space left" in shell.said


def on_a_cluster(all_: Faults) -> None:
    """A worker killed and one added; then the scheduler."""
    cluster = Cluster()
    try:
        cluster.ready()
        shell = all_.start("--dask", cluster.address)
        shell.until(lambda s: s.blocks)
        cluster.workers[0].kill()
        cluster.workers.append(cluster.add())
        code = shell.wait()
        all_.same("Dask: one killed, one added", shell.out, code == 0)
        cluster.workers[1].kill()  # none is left but the one that was added
        cluster.workers[2].kill()
        shell = all_.start("--dask", cluster.address)
        shell.until(lambda s: "no worker" in s.said, 30)
        told = "no worker" in shell.said
        cluster.workers.append(cluster.add())
        shell.until(lambda s: s.blocks)
        cluster.scheduler.kill()
        code, kept = shell.wait(), shell.blocks
        text = shell.said.strip().splitlines()[-1][:48]
        all_.row("Dask: no worker is connected", f"said so: {told}", told)
        all_.row("Dask: scheduler killed", text, code == 2 and "has ended" in shell.said)
        again = all_.start(out=shell.out)
        good = again.wait() == 0
        all_.same("  and again without it", shell.out, good, text=f"{kept} kept")
    finally:
        cluster.close()


def faults(options: argparse.Namespace, table: Table) -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        all_ = Faults(place, table)
        killed_worker(all_)
        killed(all_, options.kills, np.random.default_rng(options.seed))
        if options.quick:
            return
        stopped(all_)
        diverging(all_, place)
        full_disk(all_, place)
        if not options.no_dask:
            on_a_cluster(all_)
        left = [pid for pid in workers(os.getpid())]
        table.row("processes left", len(left), most(0))
