"""Sets of 28 × 28 bytes with ten labels, in all supported formats and places under a folder."""

import gzip

import numpy as np
import pytest
from digits_helpers import PIXELS, TINY, idx

from ganlab.digits import data
from ganlab.digits.idx import DataError

RNG = np.random.default_rng(1)
NAMES = {part: known.name for part, known in TINY.items()}


def other(train: int = 48, test: int = 12) -> dict[str, np.ndarray]:
    """Another set than TINY, of other sizes."""
    out = {}
    for part, n in (("train", train), ("test", test)):
        out[f"{part}_pixels"] = RNG.integers(0, 256, (n, 28, 28), np.uint8)
        out[f"{part}_labels"] = (np.arange(n) % 10).astype(np.uint8)
    return out


def write(folder, arrays, name="{}", pack=False):
    folder.mkdir(parents=True, exist_ok=True)
    for part, array in arrays.items():
        raw = idx(array)
        (folder / name.format(NAMES[part])).write_bytes(gzip.compress(raw) if pack else raw)


def same(digits, arrays) -> None:
    for part in ("train", "test"):
        loaded = getattr(digits, part)
        np.testing.assert_array_equal(loaded.pixels, arrays[f"{part}_pixels"].reshape(-1, 784))
        np.testing.assert_array_equal(loaded.labels, arrays[f"{part}_labels"])


@pytest.mark.parametrize(
    ("inside", "name", "called"),
    [
        ("FashionMNIST/raw", "{}.gz", "FashionMNIST"),
        ("KMNIST/raw", "{}", "KMNIST"),
        ("fashion", "{} (1).gz", "fashion"),
        ("a/b/c/clothes", "{}.gz (2)", "clothes"),
        ("MNIST/raw", "{}", "MNIST, but not the published files"),
        ("gzip", "emnist-digits-{}.gz", "emnist-digits"),
    ],
)
def test_sets_are_found_and_called_by_their_folder(tmp_path, inside, name, called):
    arrays = other()
    write(tmp_path / "here" / inside, arrays, name, name.endswith(".gz"))
    loaded = data.load(tmp_path / "here", files=TINY)
    assert loaded.source == called and not loaded.is_mnist
    if "emnist" in called:  # whose images are transposed
        turn = {n: a.transpose(0, 2, 1) if a.ndim == 3 else a for n, a in arrays.items()}
        same(loaded, turn)
    else:
        same(loaded, arrays)
    assert len(loaded.fitted) == 40 and len(loaded.validation) == 8
    assert data.called(data.find(tmp_path / "here"), TINY) == called


def test_contents_alone_make_it_mnist(tmp_path):
    write(tmp_path / "whatever" / "raw", PIXELS, "{}.gz", True)
    loaded = data.load(tmp_path, files=TINY)
    assert loaded.is_mnist and loaded.source == "MNIST"
    changed = {n: a.copy() for n, a in PIXELS.items()}
    changed["test_pixels"][3, 5, 5] ^= 1
    write(tmp_path / "whatever" / "raw", changed, "{}.gz", True)
    loaded = data.load(tmp_path, files=TINY)
    assert not loaded.is_mnist and loaded.source == "whatever"
    assert data.load(tmp_path, files=TINY).key == loaded.key


def test_torchvisions_root_holds_several_and_mnist_comes_first(tmp_path):
    fashion = other()
    write(tmp_path / "FashionMNIST" / "raw", fashion)
    assert data.load(tmp_path, files=TINY).source == "FashionMNIST"
    write(tmp_path / "MNIST" / "raw", PIXELS)
    assert data.load(tmp_path, files=TINY).is_mnist
    same(data.load(tmp_path / "FashionMNIST", files=TINY), fashion)


def test_what_is_missing_is_named(tmp_path):
    write(tmp_path / "deep" / "er", PIXELS, "{}.gz", True)
    (tmp_path / "deep" / "er" / "t10k-labels-idx1-ubyte.gz").unlink()
    assert data.find(tmp_path) is None
    with pytest.raises(data.MissingData) as caught:
        data.load(tmp_path)
    assert f"missing: t10k-labels-idx1-ubyte in {tmp_path / 'deep' / 'er'}" in str(caught.value)


@pytest.mark.parametrize(
    ("part", "array", "words"),
    [
        ("train_pixels", np.zeros((48, 28, 27), np.uint8), "sizes 48 × 28 × 27"),
        ("train_pixels", np.zeros((47, 28, 28), np.uint8), "47 images"),
        ("test_labels", np.arange(12, dtype=np.uint8), "from 0 to 9"),
        ("test_labels", np.zeros((2, 28, 28), np.uint8), "labels"),
        ("train_labels", np.zeros(3, np.uint8), "48 images"),
    ],
)
def test_what_is_no_set_is_named(tmp_path, part, array, words):
    write(tmp_path, other() | {part: array})
    with pytest.raises(DataError, match=words) as caught:
        data.load(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\0\x08\x03", b"\0\0\x08\x04" + bytes(16), b"<html>", idx(PIXELS["test_pixels"])[:-1]],
)
def test_damaged_idx_is_named(tmp_path, raw):
    write(tmp_path, other())
    (tmp_path / NAMES["test_pixels"]).write_bytes(raw)
    with pytest.raises(DataError, match="t10k-images"):
        data.load(tmp_path)


def npz(path, arrays, pack=True) -> None:
    names = ("x_train", "y_train", "x_test", "y_test")
    (np.savez_compressed if pack else np.savez)(
        path, **dict(zip(names, arrays.values(), strict=True))
    )


@pytest.mark.parametrize("pack", [True, False])
def test_kerass_file(tmp_path, pack):
    (tmp_path / "datasets").mkdir()
    npz(tmp_path / "datasets" / "mnist.npz", PIXELS, pack)
    loaded = data.load(tmp_path, files=TINY)
    same(loaded, PIXELS)
    assert loaded.is_mnist and loaded.source == "MNIST"


def test_what_is_not_kerass_file(tmp_path):
    path, good = tmp_path / "mnist.npz", other()
    for bad in (
        good | {"train_pixels": good["train_pixels"].astype(float)},
        good | {"train_labels": good["train_labels"].astype(object)},  # would be a pickle
        good | {"test_pixels": good["test_pixels"][:5]},
        {n: good[n] for n in list(good)[:4]} | {"test_labels": np.full(12, 77, np.uint8)},
    ):
        npz(path, bad)
        with pytest.raises(DataError, match="mnist.npz"):
            data.load(tmp_path)
    for raw in (b"", b"PK\3\4", b"\0" * 100, path.read_bytes()[:-300]):
        path.write_bytes(raw)
        with pytest.raises(DataError, match="mnist.npz"):
            data.load(tmp_path)
