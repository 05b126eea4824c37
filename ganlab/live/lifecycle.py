"""The life of a session's runs: begun, changed, resumed, restarted."""

from __future__ import annotations

from typing import Any

from ganlab.languages import _
from ganlab.live import changes
from ganlab.live.configuration import Configuration
from ganlab.live.display import Display
from ganlab.live.rewind import Pasts, Rewind
from ganlab.live.run_group import RunGroup
from ganlab.live.stored_session import restore
from ganlab.live.trainer import TrainedSession, Trainer
from ganlab.params import LIVE
from ganlab.record import RunFile
from ganlab.registry import SpecError

WITHOUT = _("Without the changes that were still to come.")
_BEGINS_ANEW = _("The server has restarted or dropped this run: it starts again at iteration 0.")


class Lifecycle:
    """Begins the requested runs, and records their events.

    restarts: whether the runs are about to restart. replayed: fields that replayed events have
    changed, in order. All methods are called on the worker.
    """

    def __init__(
        self,
        session: TrainedSession,
        configuration: Configuration,
        trainer: Trainer,
        display: Display,
        rewind: Rewind,
    ):
        self.restarts = True
        self.replayed: list[str] = []
        self._session, self._configuration = session, configuration
        self._trainer, self._display, self._rewind = trainer, display, rewind
        self._stored: RunFile | None = None  # the state to resume in the next runs
        self._lost = 0  # the number of diverged runs

    def said(self) -> dict[str, Any]:
        """Fields of the scene's header that describe the page."""
        session = self._session
        story = {} if session.story is None else session.story.words()
        lesson = {} if session.lesson is None else session.lesson.words()
        return {"query": session.query, "story": story, "lesson": lesson}

    # -- a new run -------------------------------------------------------------------------------

    def start_if_asked(self) -> None:
        """Begin the requested runs if they are about to restart."""
        if self.restarts:
            self.start()

    def start(self) -> None:
        """Begin the requested runs."""
        session, display = self._session, self._display
        # Read once: another thread may change it meanwhile, and then requests a restart.
        now, self.restarts = self._configuration.experiment, False
        session.feed.painting.clear()  # failed jobs are no longer in progress
        before = None if session.group is None else display.shown(session.group)
        self._trainer.group = group = RunGroup(now)
        self._lost = 0
        self._configuration.begun()
        display.prepare()
        if session.story is not None:
            session.story.begin(display.run_number + 1, group.rows)
        stored, self._stored = self._stored, None
        pasts: Pasts = ()
        if stored is not None:
            pasts = self._resume_from(stored, group)
        elif before is not None:
            display.keep_ghost(before, group)
        self._trainer.begin(group)
        self._rewind.begin(group, display.history, pasts)
        display.begin(self.said())

    def _resume_from(self, stored: RunFile, group: RunGroup) -> Pasts:
        """Set new runs to the state of stored ones; returns what was recorded of them."""
        session, trainer = self._session, self._trainer
        if not restore(stored, tuple(group.runs), self._display.history):
            session.note = _BEGINS_ANEW
            return ()
        trainer.playing, trainer.chosen = stored.playing, stored.speed
        group.moved(self._configuration.experiment)
        self.replayed += self._configuration.follow(group.specs)
        self._touched()  # the claim was not checked from the beginning
        session.note = _(
            "The run continues where it was, at iteration {iteration:,}.", iteration=group.iteration
        )
        if stored.note:
            session.note += _(" {note} Replays may differ by rounding.", note=stored.note)
        return stored.pasts

    def resume(self, stored: RunFile | None) -> None:
        """Continue from a stored session; None: there is none, and the runs begin."""
        if stored is None:
            self._session.note = _BEGINS_ANEW
            return
        group = self._session.group
        if group is not None and self._session.running:
            if group.specs == self._configuration.experiment.specs:
                self._configuration.replay(group)
        self._stored, self.restarts = stored, True

    def restart(self) -> None:
        """Restart; if the run replays, from its beginning with all events so far."""
        group, note = self._session.group, ""
        if group is not None and self._session.running and any(group.left):
            now = self._configuration.experiment
            if not group.stopped and now.with_seed(group.spec.seed).specs == group.specs:
                self._configuration.replay(group)
            else:
                note = WITHOUT
        self.begin_anew(note)

    def begin_anew(self, note: str) -> None:
        """Restart the requested runs, and say why."""
        group = self._session.group
        self._session.note = note
        if group is not None and group.stopped:
            self._trainer.playing = True
        self._trainer.by_hand.clear()
        self.restarts = True

    def continue_from_here(self) -> None:
        """Continue from the earlier moment that is shown; what came after it becomes a ghost.

        Raises `SpecError` unless there is one.
        """
        session, group = self._session, self._session.group
        if group is None or not session.running:
            raise SpecError("cmd", "continue", _("sent to runs that have begun"))
        iteration = self._rewind.take_over(group)
        session.feed.painting.clear()
        group.moved(self._configuration.experiment)
        self._configuration.follow(group.specs)
        self._lost = sum(d is not None for d in group.diverged)
        self._display.go_back(iteration)
        self._touched()
        self._trainer.playing = True
        self._trainer.begin(group)
        self._display.begin(self.said())
        session.note = _(
            "Continued from iteration {iteration:,}: what came after is drawn faintly.",
            iteration=iteration,
        )

    # -- changes and events ----------------------------------------------------------------------

    def change(self) -> None:
        """Give the runs all live fields at once: applied one by one they may not go together."""
        group, specs = self._session.group, self._configuration.experiment.specs
        if group is None or self.restarts or len(specs) != len(group.runs):
            return  # the runs that are starting have the new fields
        for run, spec in zip(group.runs, specs, strict=True):
            names = [n for n in LIVE if getattr(run.spec, n) != getattr(spec, n)]
            if names and not run.stopped:
                run.change(**{name: getattr(spec, name) for name in names})
        self._mark_new_events(group, adopt=False)

    def advanced(self, group: RunGroup) -> None:
        """The runs have made some updates."""
        session = self._session
        if not group.no_new_events:
            self._mark_new_events(group, adopt=True)
        lost = sum(d is not None for d in group.diverged)
        if lost != self._lost:
            self._lost = lost
            session.feed.want_all()
        if session.story is not None:
            session.story.passed(session)
        if group.stopped:
            session.note = session.view.why_stopped()
            session.feed.want_all()
        session.view.advanced()

    def _mark_new_events(self, group: RunGroup, adopt: bool) -> None:
        """Mark the runs' new events; adopt: whether their changes become the requested Spec."""
        events = group.new_events()
        if not events:
            return
        if adopt:
            self.replayed += self._configuration.adopt(events, group)
        changes.mark(self._display.history, events, len(group.runs))
        self._touched()
        self._trainer.backend.changed(group)
        self._session.feed.want_all()

    def _touched(self) -> None:
        if self._session.story is not None:
            self._session.story.touched()
