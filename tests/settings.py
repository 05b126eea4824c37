"""Temporary Streamlit settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from streamlit import config
from streamlit.config_option import ConfigOption


@contextmanager
def settings(values: dict[str, Any]) -> Iterator[None]:
    """Set options by their dotted names, as an operator would."""
    before = {name: config.get_option(name) for name in values}
    for name, value in values.items():
        config._set_option(name, value, "a test")
    try:
        yield
    finally:
        for name, value in before.items():
            config._set_option(name, value, ConfigOption.DEFAULT_DEFINITION)
