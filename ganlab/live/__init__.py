"""The live view's server side: a scheduler that trains watched sessions, and their connections.

In a notebook, `ganlab.live(spec)` shows the live view: see `ganlab.live.widget.LiveView`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_NEEDED = {"anywidget", "ipywidgets", "traitlets"}


class _Live(ModuleType):
    """This package, which can also be called: `import ganlab.live` and `ganlab.live(spec)`."""

    def __call__(self, what: Any, **options: Any) -> Any:
        """Show the live view in a notebook: see `ganlab.live.widget.LiveView`.

        Raises ImportError without anywidget, and `SpecError` for what cannot be shown.
        """
        try:
            from ganlab.live.widget import LiveView
        except ModuleNotFoundError as error:
            if error.name not in _NEEDED:
                raise
            words = 'a live view in a notebook needs anywidget: pip install "ganlab[jupyter]"'
            raise ImportError(words, name=error.name) from None
        return LiveView(what, **options)


sys.modules[__name__].__class__ = _Live
