"""Start the server of `ganlab app`: Streamlit's own, in this process."""

from __future__ import annotations

import signal
import sys
from pathlib import Path


def serve(options: list[str]) -> int:
    """Run the lab with `streamlit run`'s options until it is stopped; 0, or 2: bad options.

    In this process, so that whoever stops it stops the server, by whatever signal.
    """
    import click
    from streamlit.web import cli

    # uvicorn closes the sockets first, and raises the signal again then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cli.main(["run", str(Path(__file__).with_name("app.py")), *options], standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):  # Ctrl-C
        pass
    return 0
