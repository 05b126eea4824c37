"""Downloads from test servers: good, slow to recover, wrong, and stopped ones."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest
from digits_helpers import PIXELS, TINY, idx

from ganlab.digits import data
from ganlab.digits.idx import DataError

GOOD = {f"/{TINY[p].name}.gz": gzip.compress(idx(a)) for p, a in PIXELS.items()}
FIRST = next(iter(GOOD))


class Mirror:
    """A host with configurable answers: contents by path; the first `fails` answers fail."""

    def __init__(self, files, fails=0, status=404, cut=0, ranges=False):
        self.asked, self.sent, mirror = [], [], self
        self.cut = cut

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.asked.append(self.path)
                body = files.get(self.path)
                if body is None or len(mirror.asked) <= fails:
                    self.send_error(status)
                    return
                asked = self.headers.get("Range", "") if ranges else ""
                start = int(asked.removeprefix("bytes=").removesuffix("-") or 0)
                if start > len(body):
                    self.send_error(416)
                    return
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                end = max(start, len(body) - mirror.cut)
                mirror.sent.append((start, end))
                self.wfile.write(body[start:end])

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Retries come at once; no proxy is used."""
    monkeypatch.setattr(pooch.core.time, "sleep", lambda _: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def load(*mirrors, progress=None):
    return data.load(
        download=True, progress=progress, files=TINY, mirrors=tuple(m.url for m in mirrors)
    )


def left() -> list[str]:
    folder = data.cache_folder()
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_files_come_once_are_unpacked_and_kept():
    told = []
    with Mirror(GOOD) as mirror:
        got = load(mirror, progress=lambda *a: told.append(a))
        assert mirror.asked == list(GOOD)
        np.testing.assert_array_equal(got.train.pixels, PIXELS["train_pixels"].reshape(60, 784))
        again = data.load(files=TINY)  # without permission to download
        np.testing.assert_array_equal(again.test.labels, PIXELS["test_labels"])
        load(mirror)
        assert len(mirror.asked) == 4
    assert left() == sorted(k.name for k in TINY.values())
    for part, array in PIXELS.items():
        assert (data.cache_folder() / TINY[part].name).read_bytes() == idx(array)
    fractions = [f for f, _ in told]
    assert fractions[0] == 0 and fractions[-1] == pytest.approx(1.0) and max(fractions) <= 1
    assert fractions == sorted(fractions)
    assert [n for n in dict.fromkeys(w for _, w in told)] == [k.name for k in TINY.values()]


def test_without_leave_nothing_is_asked_for():
    with Mirror(GOOD) as mirror:
        with pytest.raises(data.MissingData):
            data.load(files=TINY, mirrors=(mirror.url,))
        assert mirror.asked == []


def test_a_host_that_stumbles_is_asked_again():
    with Mirror(GOOD, fails=2, status=503) as mirror:
        load(mirror)
        assert mirror.asked == [FIRST] * 2 + list(GOOD)


WRONG = {
    "another file": gzip.compress(idx(PIXELS["train_pixels"] // 2)),
    "half a gzip": GOOD[FIRST][: len(GOOD[FIRST]) // 2],
    "a page": b"<html>Please log in</html>",
    "nothing": b"",
    "too much": gzip.compress(idx(PIXELS["train_pixels"]) + bytes(9)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_contents_are_never_kept_and_the_next_host_is_asked(wrong):
    with Mirror({**GOOD, FIRST: WRONG[wrong]}) as bad, Mirror(GOOD) as good:
        load(bad, good)
        assert bad.asked[:3] == [FIRST] * 3 and good.asked == [FIRST]
    assert left() == sorted(k.name for k in TINY.values())


def test_when_all_fail_the_message_names_the_file_and_each_host():
    with Mirror({}) as empty, Mirror(GOOD, cut=40) as cut:
        with pytest.raises(data.MissingData) as caught:
            load(empty, cut)
        said = str(caught.value)
        assert empty.url in said and cut.url in said and "404" in said
        assert said.startswith("train-images-idx3-ubyte: ") and TINY["train_pixels"].md5 in said
    # The part that arrived is kept for the next time.
    assert [n[: len(".train-images")] for n in left()] == [".train-images"]


def test_a_broken_download_goes_on_where_it_broke():
    size = len(GOOD[FIRST])
    with Mirror(GOOD, cut=1000, ranges=True) as mirror:
        with pytest.raises(data.MissingData):
            load(mirror)
        assert mirror.sent[0] == (0, size - 1000) and len(mirror.sent) == 3  # tried again
        begun = [start for start, _ in mirror.sent]
        assert begun == sorted(begun) and size - 1000 - 2**13 <= begun[-1] <= size - 1000
        (part,) = data.cache_folder().iterdir()
        begun = part.stat().st_size
        assert begun > size / 2 and part.read_bytes() == GOOD[FIRST][:begun]
        mirror.cut, mirror.sent = 0, []
        told = []
        load(mirror, progress=lambda *a: told.append(a[0]))
        assert mirror.sent[0] == (begun, size) and len(mirror.sent) == 4
        assert told == sorted(told)
    assert left() == sorted(k.name for k in TINY.values())


@pytest.mark.parametrize("ranges", [True, False])
def test_what_is_left_of_another_file_does_no_harm(ranges):
    with Mirror(GOOD, cut=1000, ranges=ranges) as mirror:
        with pytest.raises(data.MissingData):
            load(mirror)
        (part,) = data.cache_folder().iterdir()
        part.write_bytes(b"\x1f\x8b" + bytes(2 * len(GOOD[FIRST])))  # too long, and wrong
        mirror.cut = 0
        load(mirror)
        with Mirror(GOOD, cut=1000, ranges=ranges):
            part.write_bytes(bytes(100))  # too short, and wrong
            (data.cache_folder() / TINY["train_pixels"].name).unlink()
            load(mirror)
    assert left() == sorted(k.name for k in TINY.values())


def test_what_comes_unpacked_is_as_good():
    with Mirror({**GOOD, FIRST: idx(PIXELS["train_pixels"])}) as mirror:
        load(mirror)
        assert mirror.asked == list(GOOD)


def test_a_damaged_file_in_the_cache_is_refused_and_with_leave_fetched_again():
    with Mirror(GOOD) as mirror:
        load(mirror)
        path = data.cache_folder() / TINY["test_labels"].name
        path.write_bytes(b"damaged")
        with pytest.raises(DataError, match="t10k-labels.*: found 7 bytes"):
            data.load(files=TINY)
        load(mirror)
        assert mirror.asked[4:] == [f"/{path.name}.gz"]


@pytest.mark.parametrize("kind", [KeyError, ValueError, OSError])
def test_progress_can_stop_it(kind):
    told = []

    def stop(fraction, name):
        told.append(name)
        if name == TINY["test_pixels"].name:
            raise kind("enough")

    with Mirror(GOOD) as mirror, Mirror(GOOD) as other:
        with pytest.raises(kind, match="enough"):
            load(mirror, other, progress=stop)
        assert len(mirror.asked) == 2 and other.asked == []
        kept = [TINY["train_pixels"].name, TINY["train_labels"].name]
        assert told[-1] == TINY["test_pixels"].name and left() == kept
        load(mirror)  # goes on with the rest
        assert len(mirror.asked) == 4


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "mnist").write_text("a file where the folder should be")
    with Mirror(GOOD) as mirror, pytest.raises(DataError, match="mnist.*a writable folder"):
        load(mirror)
