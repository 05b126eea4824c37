"""Variants from outside of this package: modules that add entries to its registries.

In a single process it is enough to import such a module before a Spec names its entries. The lab,
and the processes that compile and train for it, import the modules in an environment variable:

    GANLAB_VARIANTS=my_loss,my_package.stabilisers ganlab app
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

VARIABLE = "GANLAB_VARIANTS"
MAIN = "__main__"  # the module of a script or a notebook, which no other process can import


def named() -> tuple[str, ...]:
    """The modules in the environment variable."""
    names = (name.strip() for name in os.environ.get(VARIABLE, "").split(","))
    return tuple(filter(None, names))


def load() -> None:
    """Import these modules. Raises ImportError, which names the module that fails."""
    for name in named():
        try:
            import_module(name)
        except Exception as error:  # a foreign module may raise anything
            raise ImportError(f"{VARIABLE} names {name!r}, which fails: {error}") from error


def outside(module: str) -> bool:
    """Whether a module, "" if unknown, is outside of this package."""
    return module != "" and module.partition(".")[0] != __name__.partition(".")[0]


def environment(modules: Iterable[str]) -> dict[str, str]:
    """Environment variables with which another process imports these modules, and no others, from
    the same places as this one.

    Raises RuntimeError if it cannot, since one of them is a script or a notebook.
    """
    names = tuple(modules)
    if MAIN in names:
        raise RuntimeError(
            "it uses a variant that was added in a script or a notebook, which other processes "
            "cannot import: add it in a module"
        )
    roots = [os.environ.get("PYTHONPATH", ""), *(str(_root(name)) for name in names if _file(name))]
    out = {VARIABLE: ",".join(names)}
    return out | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, roots)))}


def digest(modules: Iterable[str]) -> str:
    """A hash of the sources of these modules, and of the modules beside them in their packages."""
    seen = hashlib.sha256()
    for name in modules:
        file = _file(name)
        seen.update(f"|{name}".encode())
        if file is not None:
            beside = (
                sorted(file.parent.glob("*.py")) if "." in name or _is_package(file) else [file]
            )
            for path in beside:
                seen.update(path.read_bytes())
    return seen.hexdigest()


def _file(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file else None


def _is_package(file: Path) -> bool:
    return file.stem == "__init__"


def _root(name: str) -> Path:
    """The folder from which a module with a file is imported."""
    file = _file(name)
    assert file is not None
    return file.parents[name.count(".") + _is_package(file)]
