"""Digits from files: valid and invalid files, and the search for them."""

import gzip
import hashlib

import numpy as np
import pytest
from digits_helpers import PIXELS, TINY, idx, known, write_tiny

from ganlab.digits import data
from ganlab.digits.idx import DataError, read
from ganlab.registry import SpecError


@pytest.mark.parametrize("folder", ["~nosuchuser/x", "/x" * 3000, "a\0b", "/root\nx"])
def test_a_folder_that_cannot_be_is_one_without_data(folder):
    assert data.find(folder) is None
    with pytest.raises(data.MissingData, match="no complete set in"):
        data.load(folder)


def test_what_is_loaded(loaded):
    n = len(loaded.train)
    assert (n, len(loaded.test)) in {(60, 10), (60_000, 10_000)}
    assert len(loaded.fitted) == n * 5 // 6 and len(loaded.validation) == n // 6
    assert loaded.is_mnist and loaded.source == "MNIST"
    for part in (loaded.train, loaded.test):
        assert part.images.dtype == np.float32 and part.images.shape == (len(part), 784)
        assert (
            part.images.min() == 0 and part.images.max() == 1 and set(part.labels) == set(range(10))
        )
        assert not part.pixels.flags.writeable and part.images is part.images
        np.testing.assert_array_equal(np.rint(part.images * 255), part.pixels)
    np.testing.assert_array_equal(loaded.fitted.pixels[-1], loaded.train.pixels[n * 5 // 6 - 1])
    np.testing.assert_array_equal(loaded.validation.labels, loaded.train.labels[n * 5 // 6 :])
    np.testing.assert_array_equal(loaded.validation[:3].images, loaded.validation.images[:3])
    if n == 60_000:
        assert loaded.train.images.mean() == pytest.approx(0.1307, abs=5e-5)
        assert loaded.train.images.std() == pytest.approx(0.3081, abs=5e-5)
        assert list(loaded.train.labels[:10]) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
        assert np.bincount(loaded.train.labels)[[0, 1, 9]].tolist() == [5923, 6742, 5949]
    else:
        np.testing.assert_array_equal(loaded.train.pixels, PIXELS["train_pixels"].reshape(60, 784))
        np.testing.assert_array_equal(loaded.test.pixels, PIXELS["test_pixels"].reshape(10, 784))


def test_the_table_of_mnist_has_the_sizes_and_sums_of_the_plain_files():
    facts = {k.name: (k.size, k.md5) for k in data.MNIST.values()}
    assert facts == {
        "train-images-idx3-ubyte": (47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
        "train-labels-idx1-ubyte": (60_008, "a25bea736e30d166cdddb491f175f624"),
        "t10k-images-idx3-ubyte": (7_840_016, "2646ac647ad5339dbf082846283269ea"),
        "t10k-labels-idx1-ubyte": (10_008, "27ae3e4e09519cfbb04c329615203637"),
    }
    first = data.MNIST["train_pixels"]
    assert set(first.spellings) == {
        f"train-images{dot}idx3-ubyte{gz}" for dot in "-." for gz in ("", ".gz")
    }


@pytest.mark.parametrize("spelling", range(4))
@pytest.mark.parametrize("inside", ["", "mnist", "MNIST/raw"])
def test_every_spelling_and_place(tmp_path, monkeypatch, spelling, inside):
    folder = tmp_path / "there" / inside
    folder.mkdir(parents=True)
    write_tiny(folder, spelling)
    want = PIXELS["train_pixels"].reshape(60, 784)
    np.testing.assert_array_equal(data.load(tmp_path / "there", files=TINY).train.pixels, want)
    assert data.find(files=TINY) is None
    monkeypatch.setenv("GANLAB_DATA", str(tmp_path / "there"))
    np.testing.assert_array_equal(data.load(files=TINY).train.pixels, want)


def test_a_gzip_without_the_ending_and_a_plain_file_with_it(tiny):
    name = TINY["test_pixels"].name
    raw = idx(PIXELS["test_pixels"])
    (tiny / f"{name}.gz").write_bytes(raw)
    (tiny / TINY["test_labels"].name).write_bytes(gzip.compress(idx(PIXELS["test_labels"]), 1))
    loaded = data.load(tiny, files=TINY)
    np.testing.assert_array_equal(loaded.test.labels, PIXELS["test_labels"])


def test_the_folder_comes_before_the_variable_before_the_cache(tmp_path, monkeypatch):
    places = [tmp_path / "folder", tmp_path / "variable", data.cache_folder()]
    monkeypatch.setenv("GANLAB_DATA", str(places[1]))
    assert str(data.cache_folder()).startswith(str(tmp_path))
    assert data.find(places[0], TINY) is None
    write = TINY["train_pixels"]
    for place in reversed(places):
        place.mkdir(parents=True)
        write_tiny(place, 0)
    assert data.find(places[0], TINY)["train_pixels"] == places[0] / write.name
    assert data.find(None, TINY)["train_pixels"] == places[1] / write.name
    (places[1] / write.name).unlink()  # an incomplete set does not count
    assert data.find(None, TINY)["train_labels"].parent == places[2]


def test_nowhere_says_where_it_looked(tmp_path):
    with pytest.raises(data.MissingData) as caught:
        data.load(tmp_path / "empty")
    said = str(caught.value)
    assert str(tmp_path / "empty") in said and str(data.cache_folder()) in said
    assert "train-images-idx3-ubyte" in said and not data.cache_folder().exists()
    assert isinstance(caught.value, SpecError)


IMAGES = PIXELS["test_pixels"]
RAW = idx(IMAGES)
FLIPPED = bytearray(RAW)
FLIPPED[5000] ^= 1


@pytest.mark.parametrize(
    ("raw", "found", "expected"),
    [
        (b"", "0 bytes", "7,856 bytes of IDX"),
        (RAW[:9], "9 bytes", "7,856 bytes of IDX"),
        (RAW[:-1], "only 7,855 bytes", "7,856 bytes of IDX"),
        (RAW + b"\0", "more than 7,856 bytes", "7,856 bytes of IDX"),
        (idx(IMAGES, 0x801), "the magic number 0x00000801", "0x00000803"),
        (idx(IMAGES, 0xD03), "the magic number 0x00000d03", "0x00000803"),
        (idx(IMAGES[:9]), "sizes 9 × 28 × 28", "10 × 28 × 28"),
        (idx(IMAGES.reshape(10, 14, 56)), "sizes 10 × 14 × 56", "10 × 28 × 28"),
        (bytes(FLIPPED), hashlib.md5(FLIPPED).hexdigest(), hashlib.md5(RAW).hexdigest()),
        (b"<html>Not here, sorry</html>", "the magic number 0x3c68746d", "0x00000803"),
    ],
    ids=lambda v: v if isinstance(v, str) else "raw",
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_wrong_file_is_named_with_what_was_found_and_expected(
    tmp_path, raw, found, expected, packed
):
    path = tmp_path / "t10k-images-idx3-ubyte"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    with pytest.raises(DataError) as caught:
        read(path, known(path.name, IMAGES))
    said = str(caught.value)
    assert said.startswith(f"{path}: found ") and "\n" not in said
    first, second = said.split(", expected ")
    assert found in first and expected in second


def test_damaged_gzips_and_unreadable_files(tmp_path):
    good = gzip.compress(RAW)
    broken = bytearray(good)
    broken[len(good) // 2] ^= 255
    path = tmp_path / "images.gz"
    for raw in (good[: len(good) // 2], good[:5], bytes(broken), good[:-6] + b"xxxxxx"):
        path.write_bytes(raw)
        with pytest.raises(DataError, match="images.gz: found (a damaged gzip|.*MD5|.*bytes)"):
            read(path, known("images", IMAGES))
    with pytest.raises(DataError, match="absent.gz: found No such file"):
        read(tmp_path / "absent.gz", known("images", IMAGES))
    with pytest.raises(DataError, match="expected a readable file"):
        read(tmp_path, known("images", IMAGES))


def test_a_gzip_that_unpacks_to_much_is_read_no_further(tmp_path):
    import tracemalloc

    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(RAW + bytes(64_000_000)))
    tracemalloc.start()
    with pytest.raises(DataError, match="more than 7,856 bytes"):
        read(path, known("images", IMAGES))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_wrong_file_of_a_complete_set_is_an_error_not_a_reason_to_look_elsewhere(tiny):
    data.cache_folder().mkdir(parents=True)
    write_tiny(data.cache_folder())
    (tiny / f"{TINY['train_labels'].name}.gz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="train-labels-idx1-ubyte.gz: found the magic number 0x6e"):
        data.load(tiny, download=True, files=TINY)
