"""Sessions on disk: kept when a server stops or a visitor is away, until the page returns.

Each has a folder with its Runs as `Run.save` writes them, its curves, and its speed. The folder's
name is the hash of the session's token, so only the page that was given the token can find it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganlab.engine import Run
from ganlab.limits import limit
from ganlab.live.history import History, Mark
from ganlab.ownership import distrusted
from ganlab.paths import kept, private

log = logging.getLogger(__name__)

_LONGEST = 24 * 3600.0  # seconds after which the page is not expected back
_LARGEST_SHARE = 0.25  # of the allowed bytes, for a single session


@dataclass(frozen=True)
class StoredSession:
    """The state from which a session continues."""

    runs: tuple[Run, ...]
    curves: dict[str, np.ndarray]
    ghost: dict[str, np.ndarray]
    marks: list[Mark]
    playing: bool
    speed: float | None  # the visitor's choice

    def restore_into(self, runs: tuple[Run, ...], history: History) -> bool:
        """Set new runs of the same Specs to the stored states; False if the Specs differ."""
        pairs = list(zip(runs, self.runs, strict=False))
        # Check all of them before changing any.
        if len(runs) != len(self.runs) or not all(a.can_resume_from(b) for a, b in pairs):
            return False
        for run, other in pairs:
            run.resume_from(other)
        if set(self.curves) == {"iteration", *history.series}:
            for i, iteration in enumerate(self.curves["iteration"]):
                history.add(int(iteration), {n: self.curves[n][i : i + 1] for n in history.series})
            history.marks, history.ghost = self.marks, self.ghost
        return True


def _place() -> Path:
    return kept() / "sessions"


def _folder(token: str) -> Path:
    return _place() / hashlib.sha256(token.encode()).hexdigest()[:40]


def store(
    token: str, runs: tuple[Run, ...], history: History, playing: bool, speed: float | None
) -> bool:
    """Store the state of a session. Raises nothing: returns False if it is not allowed or fails."""
    most = 1e6 * limit("stored_sessions_mb")
    size = sum(
        t.nbytes for r in runs for t in (r.state.g, r.state.d, *r.state.g_slots, *r.state.d_slots)
    )
    if size > _LARGEST_SHARE * most:
        return False
    place = _folder(token)
    try:
        if reason := distrusted(private(place.parent)):
            raise OSError(reason)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=place.parent))
        try:
            for i, run in enumerate(runs):
                run.save(draft / f"run-{i}.npz")
            for name, arrays in (("curves", history.arrays()), ("ghost", history.ghost)):
                np.savez(draft / f"{name}.npz", allow_pickle=False, **arrays)
            said = {"runs": len(runs), "marks": history.marks, "playing": playing, "speed": speed}
            (draft / "session.json").write_text(json.dumps(said))
            shutil.rmtree(place, ignore_errors=True)
            draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _prune(most)
    except OSError as error:
        log.warning("A run could not be stored for its page's return: %s", error)
        return False
    return True


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def load(token: str) -> StoredSession | None:
    """The stored session of a token, which is deleted; None if there is none."""
    place = _folder(token)
    if distrusted(place, place.parent):
        return None
    try:
        said = json.loads((place / "session.json").read_text())
        runs = tuple(Run.load(place / f"run-{i}.npz") for i in range(said["runs"]))
        curves, ghost = _arrays(place / "curves.npz"), _arrays(place / "ghost.npz")
        return StoredSession(runs, curves, ghost, said["marks"], said["playing"], said["speed"])
    except FileNotFoundError:
        return None
    except Exception:  # a damaged session counts as none
        log.warning("A run that was stored for its page's return is unreadable", exc_info=True)
        return None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _prune(most: float) -> None:
    """Delete expired sessions, then the oldest ones until the rest fits `most` bytes."""
    folders = []
    for folder in _place().iterdir():
        try:
            size = sum(file.stat().st_size for file in folder.iterdir())
            folders.append((folder.stat().st_mtime, size, folder))
        except OSError:
            continue  # another server has loaded or deleted it meanwhile
    total = sum(size for _, size, _ in folders)
    for made, size, folder in sorted(folders):
        if total <= most and time.time() - made < _LONGEST:
            break
        shutil.rmtree(folder, ignore_errors=True)
        total -= size
