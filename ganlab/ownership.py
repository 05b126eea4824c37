"""Checks whether another user of this machine could have tampered with a folder of code.

As ssh does with its keys: nothing is loaded from a folder that another user owns, or that the group
or others may write.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FOREIGN_WRITERS = stat.S_IWGRP | stat.S_IWOTH


def distrusted(path: Path, top: Path | None = None) -> str:
    """Why `path` and the folders that lead to it from `top` down are not safe; "" if they are.

    Owners may be this user and root. Symbolic links in `top` itself are followed, since a cache
    is often on another disk; below it there may be none. Folders above `top` are refused only
    if everyone may rename their contents. A path that does not exist is safe. Systems without
    owners and modes are not checked.
    """
    if not hasattr(os, "getuid"):
        return ""
    top = path if top is None else top
    try:
        real = Path(os.path.realpath(top))
        below = path.relative_to(top).parts
    except (OSError, ValueError) as error:
        return f"{path}: {error}"
    for above in real.parents:
        mode = _mode(above)
        if mode is not None and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"everyone may write {above}"
    steps = [real]
    for name in below:
        steps.append(steps[-1] / name)
    for step in steps:
        try:
            found = step.lstat()
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"{step}: {error.strerror}"
        if stat.S_ISLNK(found.st_mode):
            return f"{step} is a symbolic link"
        if not stat.S_ISDIR(found.st_mode) and not stat.S_ISREG(found.st_mode):
            return f"{step} is neither a folder nor a file"
        if found.st_uid not in (0, os.getuid()):
            return f"{step} belongs to another user (number {found.st_uid})"
        if found.st_mode & _FOREIGN_WRITERS:
            return f"others may write {step}: use chmod go-w"
    return ""


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None
