"""Downloads digits from public hosts with pooch: with retries, checksums and atomic replacement.

The part that arrived before a connection broke is kept, and the next try requests the rest.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from ganlab.digits.idx import DataError, Known, unwrapped
from ganlab.languages import _

Progress = Callable[[float, str], None]  # a fraction in [0, 1] and words, as for `st.progress`

# Each serves <name>.gz. The first with the right contents is used.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_RETRIES = 2  # for each mirror, after one and two seconds
_TIMEOUT = 20.0  # seconds without an answer


class _Stopped(Exception):
    """`progress` raised: its exception ends the download and is not a failure of a mirror."""


class _Meter:
    """Reports the downloaded share of all files to `progress`."""

    def __init__(self, progress: Progress | None, whole: int):
        self.total = 0  # bytes of the compressed file; 0 if unknown
        self._tell, self._whole = progress, whole
        self._name, self._before, self._size = "", 0, 0

    def start(self, file: Known, before: int) -> None:
        """Start (or restart) `file`, after `before` bytes of other files."""
        self._name, self._size, self._before = file.name, file.size, before
        self.say(0.0)

    def have(self, received: int) -> None:
        """Report that `received` bytes of the compressed file are here."""
        self.say(min(received / self.total, 1.0) if self.total else 0.0)

    def say(self, part: float) -> None:
        """Report a share of the current file, weighted by uncompressed sizes."""
        if self._tell:
            try:
                self._tell((self._before + part * self._size) / self._whole, self._name)
            except Exception as error:
                raise _Stopped from error


def fetch(
    folder: Path, files: Iterable[Known], mirrors: Iterable[str], progress: Progress | None = None
) -> None:
    """Download the uncompressed `files` into `folder`; valid files there are kept.

    Raises DataError, which names the file and each mirror's failure, or says that the folder is not
    writable. An exception in `progress` ends the download; partial files are kept for the next
    time.
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
    found = "; ".join(failures) or "no mirrors"
    raise DataError(
        file.name,
        found,
        _("{count} bytes with MD5 {digest}", count=f"{file.size:,}", digest=file.md5),
    )


class _Failed(Exception):
    """This mirror failed to deliver the file."""


def _from_one(mirror: str, folder: Path, file: Known, meter: _Meter, before: int) -> None:
    import pooch  # with requests it takes .2 s to import
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    here = hashlib.sha256(mirror.encode()).hexdigest()[:8]  # each host compresses differently
    part = folder / f".{file.name}.{here}.part"

    def unpack(url: str, output: str, pooch_: object) -> None:
        """Download and decompress, so that pooch checks and keeps the uncompressed contents."""
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
        raise DataError(str(folder), error.strerror or str(error), _("a writable folder")) from None


def _receive(url: str, part: Path, meter: _Meter) -> None:
    """Download `url` to `part`: only the missing bytes, if the host supports ranges.

    Raises what requests raises; the bytes that arrived are kept.
    """
    import requests

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink(missing_ok=True)  # it was longer than the file
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        meter.total = have + int(response.headers.get("Content-Length", 0))
        with open(part, "ab" if have else "wb") as file:
            for chunk in response.iter_content(1 << 13):  # a broken connection loses one chunk
                file.write(chunk)
                have += len(chunk)
                meter.have(have)
