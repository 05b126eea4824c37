"""Sessions on disk: kept when a server stops or a visitor is away, until the page returns.

Each is a `RunFile`, whose name is the hash of the session's token, so that only the page that was
given the token can find it.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from pathlib import Path

from ganlab.engine import Run
from ganlab.limits import limit
from ganlab.live.history import History
from ganlab.ownership import distrusted
from ganlab.paths import kept, private
from ganlab.record import RunFile
from ganlab.record.run_file import SUFFIX
from ganlab.registry import SpecError

log = logging.getLogger(__name__)

_LONGEST = 24 * 3600.0  # seconds after which the page is not expected back
_LARGEST_SHARE = 0.25  # of the allowed bytes, for a single session
_MEGABYTES = 1.0  # of keyframes


def restore(file: RunFile, runs: tuple[Run, ...], history: History) -> bool:
    """Set new runs of the same Specs to the states of a file; False if the Specs differ."""
    pairs = list(zip(runs, file.runs, strict=False))
    # Check all of them before changing any.
    if len(runs) != len(file.runs) or not all(a.can_resume_from(b) for a, b in pairs):
        return False
    for run, other in pairs:
        run.resume_from(other)
    history.restore(file.curves, file.ghost, file.marks, file.notes)
    return True


def _place() -> Path:
    return kept() / "sessions"


def _file(token: str) -> Path:
    return _place() / f"{hashlib.sha256(token.encode()).hexdigest()[:40]}{SUFFIX}"


def store(token: str, file: RunFile) -> bool:
    """Store a session. Raises nothing: returns False if it is not allowed or fails."""
    most = 1e6 * limit("stored_sessions_mb")
    size = file.nbytes_with(_MEGABYTES)
    if size > _LARGEST_SHARE * most:
        return False
    place = _file(token)
    try:
        if reason := distrusted(private(place.parent)):
            raise OSError(reason)
        file.save(place, _MEGABYTES)
        _prune(most)
    except (OSError, SpecError) as error:
        log.warning("A run could not be stored for its page's return: %s", error)
        return False
    return True


def load(token: str) -> RunFile | None:
    """The stored session of a token, which is deleted; None if there is none."""
    place = _file(token)
    if distrusted(place, place.parent):
        return None
    try:
        return RunFile.load(place)
    except FileNotFoundError:
        return None
    except (OSError, SpecError):  # a damaged session counts as none
        log.warning("A run that was stored for its page's return is unreadable", exc_info=True)
        return None
    finally:
        place.unlink(missing_ok=True)


def _prune(most: float) -> None:
    """Delete expired sessions, then the oldest ones until the rest fits `most` bytes."""
    files = []
    for file in _place().iterdir():
        try:
            if file.is_dir():  # of an older version
                shutil.rmtree(file, ignore_errors=True)
                continue
            found = file.stat()
        except OSError:
            continue  # another server has loaded or deleted it meanwhile
        files.append((found.st_mtime, found.st_size, file))
    total = sum(size for _, size, _ in files)
    for made, size, file in sorted(files):
        if total <= most and time.time() - made < _LONGEST:
            break
        file.unlink(missing_ok=True)
        total -= size
