"""The packages of the extra "film", imported late."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PIP = 'pip install "ganlab[film]"'


def need(module: str, package: str) -> Any:
    """A module of the extra "film". Raises RuntimeError, which says how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        if error.name == module:
            words = f"pictures and films need the package {package}: {_PIP}"
        else:  # a library of the system, such as libGL
            words = f"{package} cannot be loaded ({error}); on Debian: apt install libgl1 libegl1"
        raise RuntimeError(words) from error
