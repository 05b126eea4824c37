"""The app: `streamlit run ganlab/app.py`. One process and one port serve pages and live views."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ganlab import classroom, environment, rights, server, variants
from ganlab.front import Front
from ganlab.limits import students
from ganlab.live import system
from ganlab.registry import SpecError

try:
    environment.check_environment()
    if variants.named():
        import ganlab.spec  # noqa: F401 - imports the variants, which takes seconds
    if os.environ.get("GANLAB_LESSONS"):
        from ganlab.lessons import lessons

        lessons()  # a bad file stops the start, before a student meets it
except (SpecError, ImportError) as error:
    sys.exit(f"ganlab: {error}")
for words in environment.unknown():
    print(f"ganlab: {words}", file=sys.stderr)


def _get_ready() -> None:
    """Import what the first page needs, while the browser loads Streamlit's own files."""
    # Among so many new objects the garbage collection takes a fifth of this time, and in vain.
    gc.disable()
    try:
        # Imports torch and everything that trains and draws.
        from ganlab.live.scheduler import SCHEDULER

        _import_pages()
    finally:
        gc.freeze()
        gc.enable()
    if _greets:
        print(classroom.forecast(), file=sys.stderr, flush=True)
    SCHEDULER.precompiler.start()


def _import_pages() -> None:
    from ganlab.ui import lab  # noqa: F401, I001 - the page that is opened first
    from ganlab.live import games  # noqa: F401
    from ganlab.ui import compare, many  # noqa: F401


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    if _greets:  # only now the port is known
        print(classroom.welcome(classroom.address()), file=sys.stderr, flush=True)
    # Only now, since imports in a thread delay those that the server itself needs to answer.
    threading.Thread(target=_get_ready, name="ganlab-ready", daemon=True).start()
    yield
    # None if it was never imported, or if the import has not ended yet.
    scheduler = getattr(sys.modules.get("ganlab.live.scheduler"), "SCHEDULER", None)
    if scheduler is not None:
        await asyncio.to_thread(scheduler.close)


app = st.App(
    Path(__file__).parent / "ui" / "main.py",
    lifespan=_lifespan,
    middleware=[Middleware(Front)],
)

system.share_free_memory()
server.send_at_once()
server.expect_no_shell()
_greets = students() is not None and server.announces()
if server.announces():
    rights.announce()
