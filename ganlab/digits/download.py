"""Files of digits from public hosts, by pooch: tried again, checked, put in place in one step.

What had come when a connection broke is kept beside, and the rest asked for the next time.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from ganlab.digits.idx import DataError, Known, unwrapped

Progress = Callable[[float, str], None]  # a fraction in [0, 1] and words, as `st.progress` takes

# Each serves <name>.gz. The first that has the right contents is taken.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_RETRIES = 2  # for each mirror, after one and two seconds
_TIMEOUT = 20.0  # seconds without an answer


class _Stopped(Exception):
    """`progress` raised: its cause ends the download, and is no failure of a mirror."""


class _Meter:
    """Tells `progress` how much of all files is there."""

    def __init__(self, progress: Progress | None, whole: int):
        self.total = 0  # bytes of the packed file, 0 if that is not told
        self._tell, self._whole = progress, whole
        self._name, self._before, self._size = "", 0, 0

    def start(self, file: Known, before: int) -> None:
        """From here on `file` comes (perhaps once more), `before` bytes of others are there."""
        self._name, self._size, self._before = file.name, file.size, before
        self.say(0.0)

    def have(self, received: int) -> None:
        """So many bytes of the packed file are here now."""
        self.say(min(received / self.total, 1.0) if self.total else 0.0)

    def say(self, part: float) -> None:
        """This part of the current file is there. The plain sizes serve as weights."""
        if self._tell:
            try:
                self._tell((self._before + part * self._size) / self._whole, self._name)
            except Exception as error:
                raise _Stopped from error


def fetch(
    folder: Path, files: Iterable[Known], mirrors: Iterable[str], progress: Progress | None = None
) -> None:
    """Put the plain `files` into `folder`; those that are there and right are kept.

    Raises DataError naming the file and what each mirror did, or that the folder cannot be
    written. An exception in `progress` ends it; what has come of a file is kept for the next time.
    """
    files, mirrors, before = list(files), list(mirrors), 0
    meter = _Meter(progress, sum(k.size for k in files))
    try:
        for file in files:
            _from_any(mirrors, folder, file, meter, before)
            meter.say(1.0)
            before += file.size
    except _Stopped as stopped:
        raise (stopped.__cause__ or stopped) from None


def _from_any(mirrors: list[str], folder: Path, file: Known, meter: _Meter, before: int) -> None:
    failures = []
    for mirror in mirrors:
        meter.start(file, before)
        try:
            return _from_one(mirror, folder, file, meter, before)
        except _Failed as failed:
            failures.append(f"{mirror}: {failed}")
    found = "; ".join(failures) or "no mirror to ask"
    raise DataError(file.name, found, f"{file.size:,} bytes with MD5 {file.md5}")


class _Failed(Exception):
    """This mirror did not give the file."""


def _from_one(mirror: str, folder: Path, file: Known, meter: _Meter, before: int) -> None:
    import pooch  # with requests: .2 s, which only a download should wait for
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    here = hashlib.sha256(mirror.encode()).hexdigest()[:8]  # each host packs in its own way
    part = folder / f".{file.name}.{here}.part"

    def unpack(url: str, output: str, pooch_: object) -> None:
        """Download and unpack, so that pooch checks and keeps the plain contents."""
        meter.start(file, before)
        _receive(url, part, meter)
        try:
            with open(part, "rb") as packed:
                plain = unwrapped(packed).read(file.size + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise ValueError(f"a damaged gzip ({error})") from None  # pooch tries again
        finally:
            part.unlink(missing_ok=True)
        Path(output).write_bytes(plain)

    one = pooch.create(
        folder,
        base_url=mirror,
        registry={file.name: f"md5:{file.md5}"},
        urls={file.name: f"{mirror}{file.name}.gz"},
        retry_if_failed=_RETRIES,
    )
    try:
        one.fetch(file.name, downloader=unpack)
    except (ValueError, requests.exceptions.RequestException) as error:
        raise _Failed(str(error)) from None
    except OSError as error:
        raise DataError(str(folder), error.strerror or str(error), "a folder to write") from None


def _receive(url: str, part: Path, meter: _Meter) -> None:
    """The whole of `url` in `part`: only what it lacks, if the host can begin midway.

    Raises what requests does; what has come stays.
    """
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink(missing_ok=True)  # it was longer than the file is
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        meter.total = have + int(response.headers.get("Content-Length", 0))
        with open(part, "ab" if have else "wb") as file:
            for chunk in response.iter_content(1 << 13):  # what is read of one that breaks is lost
                file.write(chunk)
                have += len(chunk)
                meter.have(have)
