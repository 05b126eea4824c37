"""Live views in a notebook: sessions in the kernel's process, served by messages of a widget.

The messages are those of docs/protocol.md. A widget may be displayed several times and in several
browsers, so that each displayed view has a number of its own, `view`:

    from a view    {view, open: true}     it is there, and expects the session's messages
                   {view, text}           a command, as a text message of the WebSocket
                   {view, act}            what a button asks of the page
                   {view, close: true}    it is gone
    to a view      {view} and a buffer    a binary message, as the WebSocket sends it
                   {view, end, kernel}    the session is over; end: why if it has failed, or "";
                                          kernel: whether the kernel ends
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
import math
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from ganlab.comparison import Comparison
from ganlab.engine import Run
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live.acts import edited
from ganlab.live.conversation import Gone, converse
from ganlab.live.pools import Pools
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.start import What, start_of
from ganlab.live.story import story_of
from ganlab.presets import PRESETS
from ganlab.record import RunFile
from ganlab.registry import SpecError

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any], list[bytes]], None]  # a message to the widget, and its buffers
T = TypeVar("T")

_FRAME_SECONDS = 1 / 30  # between pictures: each takes a message of the kernel, and one to it
_CHECK_SECONDS = 0.1  # between two checks whether a run has failed


class Kernel:
    """The scheduler and the event loop that serve all live views of this process.

    Both have threads of their own, so that cells can be executed meanwhile.
    """

    def __init__(self, scheduler: Scheduler | None = None):
        # A view that is not displayed at the moment makes no updates, but can be asked for its run.
        self.scheduler = scheduler or Scheduler(drop_seconds=math.inf, pools=Pools())
        self.loop = asyncio.new_event_loop()
        self.ends = False  # whether it is about to end
        self._thread = threading.Thread(
            target=self.loop.run_forever, name="ganlab-notebook", daemon=True
        )
        self._thread.start()

    def create(self, experiment: Experiment) -> Session:
        """A new session. Raises `SpecError` as `Scheduler.create` does."""

        async def make() -> Session:
            return self.scheduler.create(experiment)

        # On that thread, because it sets its number of torch's threads.
        return asyncio.run_coroutine_threadsafe(make(), self.loop).result()

    def close(self) -> None:
        """End all sessions, threads and processes."""
        self.ends = True
        for session in list(self.scheduler.sessions.values()):
            self.scheduler.drop(session)
        self.scheduler.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)


@cache
def kernel() -> Kernel:
    """This process's Kernel, made by the first view."""
    made = Kernel()
    atexit.register(made.close)
    return made


class Shown:
    """What a notebook shows: one session, its runs, and the views that are displayed of it.

    what: see `start_of`. send(content, buffers): sends a message to the widget. playing: whether
    the runs move as soon as they are displayed.
    Raises `SpecError` for anything else, and for an experiment that exceeds the limits.
    """

    def __init__(
        self,
        what: What,
        send: Send,
        playing: bool = True,
        by: Kernel | None = None,
    ):
        experiment, runs, preset = start_of(what)
        self.by = by or kernel()
        self.session = self.by.create(experiment)
        self.session.view.frame_seconds = _FRAME_SECONDS
        self._send = send
        self._views: dict[str, _View] = {}
        state = RunFile(runs, playing=playing) if runs else None
        self.session.begin(story_of(preset, experiment.specs), state=state)
        if not playing:
            self.session.command("pause")

    # -- for Python code -------------------------------------------------------------------------

    @property
    def runs(self) -> tuple[Run, ...]:
        """Copies of the runs as they are now. Raises RuntimeError if they have failed."""
        return self._between_updates(self._copies)

    def _copies(self) -> tuple[Run, ...]:
        group = self.session.group
        if group is None:
            raise RuntimeError("the view was closed before its runs began")
        recordings = self.session.rewind.recordings
        runs = [one.copied().run for one in recordings] or [run.copied() for run in group.runs]
        for run in runs:
            run.elsewhere = None
        return tuple(runs)

    @property
    def moments(self) -> tuple[Run, ...]:
        """Copies of the runs at the shown moment. Raises RuntimeError if they have failed."""
        return self._between_updates(lambda: tuple(run.copied() for run in self.session.shown))

    def _between_updates(self, work: Callable[[], T]) -> T:
        """What `work` returns, executed by the thread that trains. Raises what it raises."""
        session, made = self.session, concurrent.futures.Future[T]()

        def do() -> None:
            try:
                made.set_result(work())
            except Exception as error:
                made.set_exception(error)

        session.command("do", do)
        while True:
            done, _ = concurrent.futures.wait([made], _CHECK_SECONDS)
            if done:
                return made.result()
            if session.failed:
                raise RuntimeError(f"the run stopped: {session.failed}")
            if self.closed:  # its runs no longer move
                return work()

    def command(self, name: str) -> None:
        """Give the session a command, and wait until it is executed."""
        self.session.command(name)
        self._between_updates(lambda: None)

    def change(self, **fields: Any) -> None:
        """Change fields of all runs, which restart if they must. Raises `SpecError`."""
        session = self.session
        session.show(session.experiment.changed(fields))
        self._between_updates(lambda: None)

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self.by.scheduler.get(self.session.token) is not self.session

    def close(self) -> None:
        """End the session: its views keep their last picture."""
        if not self.closed:
            self.by.scheduler.drop(self.session)

    # -- for its views ---------------------------------------------------------------------------

    def receive(self, content: object) -> None:
        """A message of a view; from any thread. Other messages do nothing."""
        if isinstance(content, dict) and isinstance(content.get("view"), str):
            self.by.loop.call_soon_threadsafe(self._handle, content)

    def _handle(self, content: Mapping[str, Any]) -> None:
        """On the event loop."""
        name = content["view"]
        view = self._views.get(name)
        if content.get("open"):
            if view is not None:
                view.leave()
            self._views[name] = view = _View(name, self._send, self.by)
            asyncio.create_task(self._serve(view))
        elif view is None:
            return  # it is told that it must open again when it asks to
        elif content.get("close"):
            view.leave()
        elif "text" in content:
            text = content["text"]
            view.texts.put_nowait(text if isinstance(text, str) else None)
        elif isinstance(content.get("act"), dict):
            asyncio.get_running_loop().run_in_executor(None, self._act, content["act"])

    async def _serve(self, view: _View) -> None:
        session = self.session
        try:
            if session.failed or self.closed:
                await view.end(session.failed)
            else:
                await converse(view, session, self.by.scheduler)
        finally:
            if self._views.get(view.name) is view:
                del self._views[view.name]

    def _act(self, act: dict[str, Any]) -> None:
        """Do what a button asks of the page, or say which Python does."""
        session, name = self.session, act.get("name")
        try:
            made = session.experiment
            if isinstance(made, Comparison) and (other := edited(made, act)) is not None:
                session.show(other)
            elif act.get("act") == "leave":
                session.tell(story_of("", session.experiment.specs))
            elif act.get("act") == "preset" and isinstance(name, str) and name in PRESETS:
                self._preset(name)
            elif (words := _in_python(act)) is not None:
                session.command("note", words)
        except SpecError as error:
            session.command("note", error.words)

    def _preset(self, name: str) -> None:
        """Show a preset, if it is as many runs as are shown."""
        session = self.session
        experiment, *_unused = start_of(PRESETS[name])
        if session.experiment.seeds > 1 or len(experiment.specs) != len(session.experiment.specs):
            words = _('In another cell: ganlab.live(ganlab.presets.PRESETS["{name}"])', name=name)
            session.command("note", words)
            return
        session.tell(story_of(name, experiment.specs))
        session.show(experiment)


def _in_python(act: Mapping[str, Any]) -> str | None:
    """The Python for what a notebook's view cannot do itself; None for anything else."""
    kind, name, seed = act.get("act"), act.get("name"), act.get("seed")
    if kind == "gallery":
        return _("In another cell: list(ganlab.presets.PRESETS), ganlab.live(PRESETS[name])")
    if kind == "fork" and isinstance(name, str) and name.isidentifier():
        return _(
            "In another cell: view.fork({name}=...), where view is what ganlab.live returned",
            name=name,
        )
    if kind == "seed" and type(seed) is int:
        return _("In another cell: ganlab.live(view.run.spec.replace(seed={seed}))", seed=seed)
    return None


class _View:
    """A displayed view, as a `Connection`."""

    def __init__(self, name: str, send: Send, by: Kernel):
        self.name, self._by = name, by
        self.texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._send = send
        self._gone = asyncio.Event()

    def leave(self) -> None:
        """It is gone, or about to open again."""
        self._gone.set()
        self.texts.put_nowait(None)

    async def receive(self) -> str | None:
        """See `Connection`."""
        text = await self.texts.get()
        if self._gone.is_set():
            raise Gone
        return text

    async def send(self, message: bytes) -> None:
        """See `Connection`."""
        if self._gone.is_set():
            raise Gone
        self._send({"view": self.name}, [message])

    async def end(self, reason: str) -> None:
        """See `Connection`."""
        if not self._gone.is_set():
            self._send({"view": self.name, "end": reason, "kernel": self._by.ends}, [])
            self.leave()
