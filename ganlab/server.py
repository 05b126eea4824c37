"""Starts the server of `ganlab app`: Streamlit's own, in this process."""

from __future__ import annotations

import signal
import sys
from pathlib import Path


def serve(options: list[str]) -> int:
    """Serve the lab with `streamlit run`'s options until stopped; returns 0, or 2: bad options.

    It stays in this process, so that any signal to it stops the server.
    """
    import click
    from streamlit.web import cli

    # uvicorn closes the sockets first, and then raises the signal again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cli.main(["run", str(Path(__file__).with_name("app.py")), *options], standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):  # Ctrl-C
        pass
    return 0
