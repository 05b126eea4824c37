"""A saved run continues as if it had not stopped; any other file is refused, never executed."""

import io
import itertools
import json
import os
import pickle
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
import torch

from ganlab import Run, Spec, SpecError

TINY = {"g_hidden": (3,), "d_hidden": (2,), "batch": 8}


def same(a: Run, b: Run) -> bool:
    tensors = [(s.g, s.d, *s.g_slots, *s.d_slots) for s in (a.state, b.state)]
    counts = [(s.d_updates, s.g_updates, s.phase) for s in (a.state, b.state)]
    pairs = zip(*tensors, strict=True)
    equal = all(torch.equal(x, y) for x, y in pairs)
    return equal and counts[0] == counts[1] and a.specs == b.specs and a.diverged == b.diverged


@pytest.fixture
def saved(tmp_path):
    run = Run([Spec(seed=s, **TINY) for s in (0, 1)])
    run.advance(3)
    path = tmp_path / "run.npz"
    run.save(path)
    return path


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "sgd"])
@pytest.mark.parametrize("runs", [1, 3])
def test_going_on_equals_not_having_stopped(tmp_path, optimizer, runs):
    specs = [Spec(target="ring", optimizer=optimizer, k=2, seed=s, g_lr=0.01) for s in range(runs)]
    straight = Run(specs)
    straight.advance(3)
    straight.update()  # in the middle of an iteration
    straight.save(tmp_path / "a.npz")
    loaded = Run.load(tmp_path / "a.npz")
    assert same(loaded, straight) and loaded.next_player == "D"
    for run in (straight, loaded):
        run.advance(70)  # past the end of a block of draws
    assert same(loaded, straight)


def test_after_a_change_and_manual_updates(tmp_path):
    run = Run(Spec(target="spiral", latent_dim=2))
    run.advance(4)
    run.change(k=3, d_lr=5e-3, loss="minimax")
    for player in ("G", "G", "D", "D"):
        run.update(player)
    run.save(tmp_path / "a.npz")
    loaded = Run.load(str(tmp_path / "a.npz"))
    assert loaded.spec == run.spec and loaded.state.phase == 2
    for one in (run, loaded):
        one.advance(5)
    assert same(run, loaded)


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": "sgd", "g_lr": 100.0, "d_lr": 100.0},
        {"g_lr": 100.0, "d_lr": 100.0, "g_hidden": (32,) * 4, "d_hidden": (32,) * 4},
    ],
    ids=str,
)
def test_a_diverged_run(tmp_path, fields):
    run = Run(Spec(**fields))
    run.advance(2000)
    assert run.stopped
    run.save(tmp_path / "a.npz")
    loaded = Run.load(tmp_path / "a.npz")
    assert same(run, loaded) and loaded.stopped and loaded.advance(3) == 0


def test_a_batch_with_one_diverged_run(tmp_path):
    fields = {"optimizer": "sgd", "target": "ring", "g_lr": 0.01}
    run = Run([Spec(d_lr=0.01, **fields), Spec(d_lr=100.0, init_gain=5.0, **fields)])
    run.advance(100)
    assert [d is None for d in run.diverged] == [True, False]
    run.save(tmp_path / "a.npz")
    loaded = Run.load(tmp_path / "a.npz")
    for one in (run, loaded):
        one.advance(10)
    assert same(run, loaded)


def test_the_file_is_plain_arrays_written_whole(saved):
    with np.load(saved, allow_pickle=False) as file:
        header = json.loads(str(file["header"]))
        assert file["g"].dtype == np.float32 and file["g"].shape == (2, 10)
    assert [Spec.from_dict(s) for s in header["specs"]] == [Spec(seed=s, **TINY) for s in (0, 1)]
    assert os.listdir(saved.parent) == [saved.name]
    before = saved.read_bytes()
    run = Run(Spec())
    with pytest.raises(OSError):
        run.save(saved.parent / "missing" / "run.npz")
    assert saved.read_bytes() == before and os.listdir(saved.parent) == [saved.name]


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Run.load(tmp_path / "nothing.npz")


def loads_or_refuses(path, data: bytes) -> bool:
    """Whether `data` loads; exceptions other than SpecError propagate."""
    path.write_bytes(data)
    try:
        run = Run.load(path)
    except SpecError:
        return False
    run.advance(1)
    return True


def test_truncated_files_are_refused(saved):
    data = saved.read_bytes()
    path = saved.with_name("cut.npz")
    for length in range(0, len(data), max(1, len(data) // 150)):
        assert not loads_or_refuses(path, data[:length])
    assert loads_or_refuses(path, data)


def test_flipped_bytes_never_crash(saved):
    data = saved.read_bytes()
    path = saved.with_name("flipped.npz")
    rng = np.random.default_rng(0)
    refused = 0
    tries = [*rng.integers(0, len(data), 250), *range(len(data) - 150, len(data))]
    for at in tries:
        broken = bytearray(data)
        broken[at] ^= int(rng.integers(1, 256))
        refused += not loads_or_refuses(path, bytes(broken))
    # Checksums cover the contents; times and flags of the archive are not covered.
    assert refused > len(tries) / 2


class Trap:
    fired = False

    def __reduce__(self):
        return (setattr, (Trap, "fired", True))


def test_pickles_are_never_unpickled(saved):
    trap = pickle.dumps(Trap())
    path = saved.with_name("trap.npz")
    array = np.array([Trap()], dtype=object)
    with np.load(saved) as file:
        arrays = dict(file)
    files = {"pickle": trap, "npy": io.BytesIO(), "header": io.BytesIO(), "g": io.BytesIO()}
    np.save(files["npy"], array, allow_pickle=True)
    np.savez(files["header"], **{**arrays, "header": array})
    np.savez(files["g"], **{**arrays, "g": array})
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("header.npy", trap)
    files["zip"] = raw
    for data in files.values():
        assert not loads_or_refuses(path, data if isinstance(data, bytes) else data.getvalue())
    assert not Trap.fired
    pickle.loads(trap)
    assert Trap.fired  # the trap works


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"not a run",
        b"\x93NUMPY",
        bytes(1000),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b'{"ganlab": 1}',
    ],
    ids=repr,
)
def test_foreign_files_are_refused(tmp_path, data):
    assert not loads_or_refuses(tmp_path / "foreign.npz", data)


def edited(saved, header=None, **arrays) -> SpecError:
    """The refusal of the saved file with some arrays replaced (None removes an array)."""
    with np.load(saved) as file:
        parts = dict(file)
    old = json.loads(str(parts["header"]))
    if isinstance(header, dict) and "specs" in header:
        header = {"start": header["specs"]} | header
    text = header if isinstance(header, str) else json.dumps(old | (header or {}))
    parts["header"] = np.array(text)
    parts = {n: a for n, a in (parts | arrays).items() if a is not None}
    path = saved.with_name("edited.npz")
    np.savez(path, **parts)
    with pytest.raises(SpecError) as caught:
        Run.load(path)
    return caught.value


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ({"ganlab": 3}, "file format"),
        ({"ganlab": None}, "file format"),
        ({"specs": []}, "specs"),
        ({"specs": {}}, "specs"),
        ({"specs": [{"k": 1}, {"k": 2}]}, "specs"),
        ({"specs": [{"k": 999}, {}]}, "k"),
        ({"specs": [3, {}]}, "spec"),
        ({"specs": [{"nope": 1}, {}]}, "spec field"),
        ({"specs": [{}, {}]}, "g"),
        ({"d_updates": -1}, "d_updates"),
        ({"d_updates": 2**63}, "d_updates"),
        ({"g_updates": 1.0}, "g_updates"),
        ({"phase": True}, "phase"),
        ({"iterations": 10**6}, "iterations"),
        ({"g_phase": 1}, "g_phase"),
        ({"phase": None}, "phase"),
        ({"diverged": [None]}, "diverged"),
        ({"diverged": None}, "diverged"),
        ({"diverged": [None, {"iteration": 1}]}, "diverged"),
        (
            {"diverged": [None, {"iteration": 1, "player": "X", "quantity": "", "cause": ""}]},
            "diverged",
        ),
        ("[]", "file"),
        ("3", "file"),
        ('"ganlab"', "file"),
        ("{}", "file"),
        ("[" * 100_000, "file"),
    ],
    ids=lambda v: str(v)[:50],
)
def test_bad_headers_are_refused_by_name(saved, header, named):
    assert edited(saved, header).name == named


def test_bad_arrays_are_refused_by_name(saved):
    good = np.zeros((2, 10), np.float32)
    assert edited(saved, g=None).name == "g"
    assert edited(saved, header=None, g_slot_1=None).name == "g_slot_1"
    assert edited(saved, g=good[:1]).name == "g"
    assert edited(saved, g=good.astype(np.float64)).name == "g"
    assert edited(saved, g=np.full_like(good, np.nan)).name == "g"
    assert edited(saved, d_slot_0=np.full((2, 7), np.inf, np.float32)).name == "d_slot_0"
    assert edited(saved, extra=good).name == "file"


# -- files that would need much more memory than their size
# -----------------------------------------------------------


def peak(call) -> int:
    """The most memory (bytes) that Python and NumPy held while `call` was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(SpecError):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parts_of(saved) -> dict[str, np.ndarray]:
    with np.load(saved) as file:
        return dict(file)


def test_a_compressed_bomb_is_refused_before_it_is_inflated(saved):
    parts = parts_of(saved)
    path = saved.with_name("bomb.npz")
    np.savez_compressed(path, **parts | {"g": np.zeros((2, 2 * 10**7), np.float32)})
    assert path.stat().st_size < 10**6
    assert peak(lambda: Run.load(path)) < 2 * 10**6


def test_shapes_are_held_against_the_specs_before_anything_is_read(saved):
    parts = parts_of(saved)
    path = saved.with_name("large.npz")
    for name, shape in (("g", (2, 10**6)), ("d_slot_0", (10**6, 7)), ("extra", (10**6, 2))):
        np.savez(path, **parts | {name: np.zeros(shape, np.float32)})
        assert peak(lambda: Run.load(path)) < 10**6
    # A header that claims more data than there are.
    np.savez(path, **parts)
    content = path.read_bytes()
    at = content.index(b"(2, 10)")
    path.write_bytes(content[:at] + b"(2,999)" + content[at + 7 :])
    assert peak(lambda: Run.load(path)) < 10**6


def test_large_nets_are_not_built_for_a_file_that_does_not_hold_them(saved):
    """Two such Specs would take gigabytes."""
    wide = Spec(g_hidden=(512,) * 4, d_hidden=(512,) * 4, batch=4096, unroll=20)
    header = {"specs": [wide.to_dict()] * 1000, "diverged": [None] * 1000}
    assert edited(saved, header).name == "g"


def test_too_many_specs_are_refused_at_once(saved):
    header = {"specs": [Spec().to_dict()] * 10_000, "diverged": [None] * 10_000}
    error = edited(saved, header)
    assert error.name in ("specs", "file") and len(str(error)) < 300
    assert edited(saved, {"specs": [{}] * 10_000, "diverged": [None] * 10_000}).name == "specs"
    with pytest.raises(SpecError, match="at most 1,024"):
        Run(itertools.repeat(Spec(**TINY)))


def test_a_zip_of_many_members_or_of_one_twice_is_refused(saved):
    path = saved.with_name("many.npz")
    content = saved.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(3000):
            archive.writestr(f"{i}.npy", b"")
    assert peak(lambda: Run.load(path)) < 10**6
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "a") as archive, zipfile.ZipFile(saved) as old:
            archive.writestr("g.npy", old.read("g.npy"))
    assert not loads_or_refuses(path, path.read_bytes())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name")
def test_a_pipe_or_a_device_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", "/dev/zero"):
        with pytest.raises(SpecError, match="an ordinary file"):
            Run.load(path)


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ({"phase": 10**9}, "phase"),
        ({"phase": 7}, "phase"),
        ({"d_updates": 2**61}, "d_updates"),
        ({"g_updates": 10**13}, "g_updates"),
        ({"d_updates": 0, "g_updates": 0, "phase": 1}, "phase"),
    ],
    ids=str,
)
def test_counts_that_no_run_can_have(saved, counts, named):
    """A run with three updates of each player."""
    assert edited(saved, counts).name == named


def test_many_updates_by_hand_can_be_loaded(tmp_path):
    run = Run(Spec(**TINY))
    for _ in range(40):
        run.update("D")
    run.save(tmp_path / "a.npz")
    assert same(Run.load(tmp_path / "a.npz"), run) and run.state.phase == 40


def test_a_name_given_twice_is_refused(saved):
    text = str(parts_of(saved)["header"])
    assert edited(saved, text[:-1] + ', "phase": 0}').name == "phase"
    assert (
        edited(saved, text.replace('"target": ', '"target": "ring", "target": ')).name == "target"
    )
    long = {"iteration": 1, "player": "D", "quantity": "q" * 2000, "cause": ""}
    assert edited(saved, {"diverged": [None, long]}).name == "diverged"
    assert edited(saved, {"diverged": [None, {**long, "quantity": "", "iteration": 99}]}).name


@pytest.mark.parametrize("room", [0, 300])
def test_a_full_disk_keeps_the_old_file(saved, monkeypatch, room):
    """A disk on which `room` more bytes can be written."""
    before = saved.read_bytes()
    run = Run([Spec(seed=s, **TINY) for s in (0, 1)])
    real = open

    class Full(io.FileIO):
        left = room

        def write(self, data):
            self.left -= len(data)
            if self.left < 0:
                raise OSError(28, "No space left on device")
            return super().write(data)

    opened = lambda path, mode: Full(path, "w") if "w" in mode else real(path, mode)  # noqa: E731
    monkeypatch.setattr("ganlab.engine.storage.open", opened, raising=False)
    with pytest.raises(OSError, match="No space left"):
        run.save(saved)
    assert saved.read_bytes() == before and os.listdir(saved.parent) == [saved.name]
