"""Programs on disk: trusted folders, concurrent readers and writers, sweeping and pruning."""

import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from ganlab import Spec, paths
from ganlab.engine.native import build, cache
from ganlab.engine.structure import Structure
from ganlab.limits import limited
from ganlab.ownership import distrusted

posix = pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners and modes")
root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away"
)
SPEC = Spec(optimizer="sgd", g_hidden=(3,), d_hidden=(3,), batch=8)


def structure(batch: int = 8) -> Structure:
    return Structure.of(SPEC.replace(batch=batch))


def fill(folder, size: int = 100) -> None:
    """Replaces the compiler."""
    for part in build.PARTS:
        (folder / part).write_bytes(part.encode() * size)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An empty cache, and a temporary folder beside it."""
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cache, "_held", type(cache._held)())
    paths.temporary.cache_clear()
    cache._warn.cache_clear()
    yield tmp_path / "cache"
    paths.temporary.cache_clear()


def forget() -> None:
    """Make the programs that this process has found look like those of another process."""
    for file in cache._held.values():
        file.close()
    cache._held.clear()


# -- whose folders ---------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("what", ["", "programs", "key", "d.so", "manifest.json"])
@pytest.mark.parametrize("how", ["group", "others", pytest.param("owner", marks=root), "link"])
def test_nothing_is_loaded_that_another_user_could_have_put_there(own, caplog, what, how):
    folder = cache.store(structure(), fill)
    assert cache.find(structure()) == folder
    place = {"": own, "programs": own / "programs", "key": folder}.get(what, folder / what)
    if how == "owner":
        os.chown(place, 12345, 12345)
    elif how == "link":
        if what in ("", "programs"):
            pytest.skip("a cache may lie elsewhere, if that place is safe")
        place.rename(own.parent / "moved")
        place.symlink_to(own.parent / "moved")
    else:
        place.chmod(place.stat().st_mode | {"group": 0o020, "others": 0o002}[how])
    with caplog.at_level(logging.WARNING):
        assert cache.find(structure()) is None and cache.find(structure()) is None
    (said,) = [r.getMessage() for r in caplog.records]
    assert place.name in said and "not safe" in said
    # It is built again: in its place if only this user can write there, else in a private folder.
    again = cache.store(structure(), fill)
    assert cache.find(structure()) == again and not again.is_symlink()
    safe = own if what not in ("", "programs") else paths.temporary()
    assert again.is_relative_to(safe) and not distrusted(again, safe)


@posix
def test_a_link_that_leads_nowhere_is_replaced(own):
    own.mkdir()
    (own / "programs").symlink_to(own / "nowhere")
    folder = cache.store(structure(), fill)
    assert folder.is_relative_to(own) and cache.find(structure()) == folder
    folder.rename(own / "gone")
    folder.symlink_to(own / "nowhere")
    assert cache.find(structure()) is None and cache.store(structure(), fill) == folder
    assert cache.find(structure()) == folder and not folder.is_symlink()


@posix
def test_a_cache_on_another_disk_is_judged_by_what_is_there(own):
    (own.parent / "disk").mkdir(mode=0o700)
    own.symlink_to(own.parent / "disk")
    folder = cache.store(structure(), fill)
    assert cache.find(structure()) == folder and folder.is_relative_to(own)
    (own.parent / "disk").chmod(0o777)
    assert cache.find(structure()) is None


@posix
def test_a_folder_in_which_everyone_may_rename(tmp_path):
    inner = tmp_path / "open" / "cache"
    inner.mkdir(parents=True)
    inner.chmod(0o700)
    inner.parent.chmod(0o777)
    assert str(inner.parent) in distrusted(inner)
    inner.parent.chmod(0o1777)  # as /tmp
    assert distrusted(inner) == ""
    assert distrusted(inner / "absent" / "file", inner) == ""


@posix
def test_a_temporary_folder_that_another_made_is_not_taken(own):
    place = own.parent / f"ganlab-{os.getuid()}"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    assert paths.temporary() != place and not distrusted(paths.temporary())
    paths.temporary.cache_clear()
    place.rmdir()
    place.symlink_to(own.parent)
    assert paths.temporary() != place and not paths.temporary().is_symlink()


def test_what_is_made_is_for_this_user_alone(own, monkeypatch):
    before = os.umask(0)
    try:
        folder = cache.store(structure(), fill)
    finally:
        os.umask(before)
    assert not distrusted(folder, own)


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/nowhere"])
def test_without_a_folder_that_can_be_written_there_is_the_temporary_one(
    own, monkeypatch, place, caplog
):
    monkeypatch.setenv("GANLAB_CACHE", place)
    assert cache.find(structure()) is None
    folder = cache.store(structure(), fill)
    assert folder.is_relative_to(paths.temporary()) and cache.find(structure()) == folder


def test_a_user_without_a_home(own, monkeypatch):
    monkeypatch.delenv("GANLAB_CACHE")
    monkeypatch.setattr(paths.platformdirs, "user_cache_dir", lambda *a, **o: "~/.cache/ganlab")
    assert paths.chosen() is None and paths.kept() == paths.temporary()

    def raises(*_, **__):
        raise RuntimeError("no home")

    monkeypatch.setattr(paths.platformdirs, "user_cache_dir", raises)
    assert paths.chosen() is None and paths.kept() == paths.temporary()


# -- readers and writers ---------------------------------------------------------------------------


def _read(place: str, seconds: float, out) -> None:
    os.environ["GANLAB_CACHE"] = place
    end, found, missed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        if cache.find(structure()) is None:
            missed += 1
        found += 1
    out.put((found, missed))


def test_a_reader_always_finds_a_whole_program_while_others_store_it(own):
    cache.store(structure(), fill)
    results: multiprocessing.Queue = multiprocessing.get_context("spawn").Queue()
    reader = multiprocessing.get_context("spawn").Process(
        target=_read, args=(str(own), 1.5, results)
    )
    reader.start()
    ended, wrong = threading.Event(), []

    def store() -> None:
        while not ended.is_set():
            cache.store(structure(), fill)

    def find() -> None:
        while not ended.is_set():
            if cache.find(structure()) is None:
                wrong.append("missed")

    threads = [threading.Thread(target=t) for t in (store, store, find)]
    for thread in threads:
        thread.start()
    found, missed = results.get(timeout=120)
    ended.set()
    for thread in threads:
        thread.join()
    reader.join()
    assert found > 10 and missed == 0 and wrong == []


def test_a_good_program_is_kept_and_a_damaged_one_replaced(own):
    folder = cache.store(structure(), fill)
    before = (folder / "d.so").stat().st_ino
    assert cache.store(structure(), lambda f: fill(f, 7)) == folder
    assert (folder / "d.so").stat().st_ino == before
    (folder / "d.so").write_bytes(b"damaged")
    assert cache.find(structure()) is None
    assert cache.store(structure(), lambda f: fill(f, 7)) == folder == cache.find(structure())
    assert (folder / "d.so").read_bytes() == b"d.so" * 7
    assert [p.name for p in (own / "programs").iterdir() if p != folder] == [".lock"]


def test_what_cannot_be_made_leaves_nothing(own):
    def fails(folder):
        fill(folder)
        raise OSError(28, "No space left on device")

    good = cache.store(structure(), fill)
    with pytest.raises(OSError, match="No space left"):
        cache.store(structure(9), fails)
    assert {p.name for p in (own / "programs").iterdir()} == {".lock", good.name}


# -- drafts ----------------------------------------------------------------------------------------

_STUCK = """
import sys, time
sys.path[:0] = {path!r}
from tests.engine.native import test_cache
from ganlab.engine.native import cache
def make(folder):
    (folder / "half.so").write_text("half")
    print("begun", flush=True)
    time.sleep(60)
cache.store(test_cache.structure(), make)
"""


def test_a_draft_whose_process_was_killed_is_swept_and_no_other(own):
    stuck = []
    for _ in range(2):
        text = _STUCK.format(path=sys.path)
        stuck.append(subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE))
        assert stuck[-1].stdout.readline() == b"begun\n"
    drafts = set((own / "programs").glob("draft-*"))
    assert len(drafts) == 2
    cache.sweep()
    assert set((own / "programs").glob("draft-*")) == drafts  # both are in progress
    stuck[0].kill()
    stuck[0].communicate()
    cache.sweep()
    (left,) = (own / "programs").glob("draft-*")
    stuck[1].kill()
    stuck[1].communicate()
    cache.store(structure(9), fill)
    assert not left.exists()
    old = own / "programs" / "draft-without-an-owner"
    old.mkdir()
    cache.sweep()
    assert old.exists()
    os.utime(old, (1e9, 1e9))
    cache.sweep()
    assert not old.exists()


# -- bounds ----------------------------------------------------------------------------------------


def used(folder, at: float) -> None:
    os.utime(folder, (at, at))


def test_the_cache_keeps_to_its_bytes_oldest_unused_first(own):
    big = 10**6  # 26 MB a program
    folders = [cache.store(structure(b), lambda f: fill(f, big)) for b in (1, 2, 3)]
    forget()
    for age, folder in enumerate((folders[1], folders[0], folders[2])):
        used(folder, 1e9 + age)
    held = cache.find(structure(2))  # the oldest of all, but in use
    used(held, 1e9)
    shared = own / "inductor" / "xy"
    shared.mkdir(parents=True)
    (shared / "kernel.so").write_bytes(b"k" * 5 * 10**6)
    used(shared, 2e9)
    with limited(cache_gb=0.09):
        newest = cache.store(structure(4), lambda f: fill(f, big))
    # 109 MB exceed the limit, 83 do not.
    assert [f.exists() for f in folders] == [False, True, True]
    assert held.exists() and newest.exists() and shared.exists()
    used(shared, 0.5e9)
    for age, folder in enumerate((folders[1], folders[2], newest)):
        used(folder, 1e9 + age)
    forget()
    with limited(cache_gb=0.08):
        last = cache.store(structure(5), lambda f: fill(f, big))
    assert not shared.exists()  # the least recently used
    assert [f.exists() for f in (*folders, newest, last)] == [False, False, True, True, True]


@posix
def test_a_program_that_another_process_uses_is_not_pruned(own):
    folder = cache.store(structure(1), fill)
    forget()
    text = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from tests.engine.native import test_cache\n"
        "print(test_cache.cache.find(test_cache.structure(1)), flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline().strip() == str(folder)
    used(folder, 1e9)
    assert cache._in_use(folder)
    with limited(cache_gb=0.01):
        cache.store(structure(2), lambda f: fill(f, 10**6))
    assert folder.exists()
    other.communicate()
    with limited(cache_gb=0.01):
        cache.store(structure(3), lambda f: fill(f, 10**6))
    assert not folder.exists()
