"""Starts the server of `ganlab app`: Streamlit's own, in this process."""

from __future__ import annotations

import asyncio.base_events
import signal
import socket
import sys
from pathlib import Path

# Streamlit's options
QUIET = "logger.hideWelcomeMessage"
HEADLESS = "server.headless"


_greeting = False  # whether ganlab prints the address in Streamlit's place


def announces() -> bool:
    """Whether this server prints what its operator must know: if it is not quiet."""
    from streamlit import config

    return _greeting or not config.get_option(QUIET)


def serve(options: list[str], greeting: bool = False) -> int:
    """Serve the lab with `streamlit run`'s options until stopped; returns 0, or 2: bad arguments.

    greeting: ganlab prints the address in Streamlit's place. It stays in this process, so that any
    signal to it stops the server.
    """
    global _greeting
    import click
    from streamlit.web import cli

    # uvicorn closes the sockets first, and then raises the signal again.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _greeting = greeting
    arguments = [str(Path(__file__).with_name("app.py")), *options]
    try:
        extra = cli.main.commands["run"].make_context("ganlab app", list(arguments)).params["args"]
        if extra:
            raise click.UsageError(f"Unexpected argument {extra[0]!r}.")
        cli.main(["run", *arguments], standalone_mode=False)
    except click.UsageError as error:
        print(f"ganlab app: {error.format_message()}", file=sys.stderr)
        print("See ganlab app --help, and streamlit run --help.", file=sys.stderr)
        return 2
    except (click.Abort, KeyboardInterrupt):  # Ctrl-C
        pass
    return 0


def expect_no_shell() -> None:
    """Keep Streamlit from asking, at the first element, whether it runs in Python's shell.

    The answer takes a tenth of a second, since `inspect.stack` looks at all modules.
    """
    from streamlit import delta_generator

    if hasattr(delta_generator, "_use_warning_has_been_displayed"):  # private
        delta_generator._use_warning_has_been_displayed = True


def send_at_once() -> None:
    """Send small messages at once on all connections of asyncio's servers (TCP_NODELAY).

    asyncio itself does so for sockets that name TCP as their protocol. Streamlit's names none, and
    then a message waits until the browser has acknowledged the previous one: up to 40 ms.
    """
    set_nodelay = getattr(asyncio.base_events, "_set_nodelay", None)
    if set_nodelay is None:  # another version of Python
        return

    def set_without_protocol(one: socket.socket) -> None:
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    vars(asyncio.base_events)["_set_nodelay"] = set_without_protocol
