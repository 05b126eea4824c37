"""The jobs of one kind on a page: which one it shows, the list of all, and who may change them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import streamlit as st

from ganlab.jobs.folder import Folder
from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.languages import _, tr
from ganlab.limits import limit
from ganlab.query import GivenTwice, UnknownField
from ganlab.registry import SpecError
from ganlab.shape import FIELDS as SHAPE
from ganlab.ui import language
from ganlab.ui.atomic import atomic
from ganlab.ui.layout import section
from ganlab.ui.plain import plain, say
from ganlab.ui.visitor import is_operator, may_change

F = TypeVar("F", bound=Folder[Any, Any, Any])
_NEW = "new"
_NOUNS = {"map": (_("map"), _("Maps")), "run": (_("run"), _("Runs"))}  # one, and several
# What pages call the states of a job.
STATES = {
    "queued": _("queued"),
    "starting": _("starting"),
    "training": _("training"),
    "measuring": _("measuring"),
    "paused": _("paused"),
    "done": _("done"),
    "stopped": _("stopped"),
    "failed": _("failed"),
    "diverged": _("diverged"),
}
_FEW = 12  # the number of jobs listed at first


class Jobs(Generic[F]):
    """The jobs of a kind, called by `noun`, which is also the name of one in the address.

    kept: the name of the limit of jobs per visitor. what: what a server with the limit 0 does not
    train, in words.
    """

    def __init__(self, kind: type[F], noun: str, kept: str, what: str):
        self.kind, self.noun, self._kept, self._what = kind, noun, kept, what

    @property
    def called(self) -> str:
        """What the visitor's language calls a job of this kind."""
        return tr(_NOUNS[self.noun][0])

    def show(self, folder: F | None) -> None:
        """Show this job from now on, or the form for a new one if `folder` is None."""
        name = folder.name if folder else _NEW
        atomic(lambda: st.query_params.from_dict({self.noun: name} | language.kept()))

    def named(self) -> str | None:
        """The job's name in the address, "new", or None."""
        return next(iter(st.query_params.get_all(self.noun)), None)

    def strangers(self) -> list[SpecError]:
        """Errors for the fields of the address that this page does not use."""
        own = (self.noun, language.FIELD, *SHAPE)
        unknown = [n for n in st.query_params if n not in own]
        out: list[SpecError] = [
            UnknownField(tr("query field"), n, f"only {self.noun}") for n in unknown
        ]
        if len(names := st.query_params.get_all(self.noun)) > 1:
            out.append(
                GivenTwice(self.noun, " and ".join(names), tr("one {noun}'s name", noun=self.noun))
            )
        return out

    def mine_first(self) -> list[F]:
        """All jobs, the visitor's own before the others."""
        return sorted(self.kind.all(), key=lambda job: not may_change(job))

    def shown(self, jobs: list[F]) -> F | None:
        """The job to show: the named one, else one of this visitor's, else None for the form."""
        name = self.named()
        if name == _NEW:
            return None
        found = next((job for job in jobs if job.name == name), None)
        if name and found is None:
            say(
                tr(
                    "There is no {noun} {name} here (any more).", noun=self.called, name=plain(name)
                ),
                "warn",
            )
        own = [job for job in jobs if may_change(job)]
        busy = (job for job in own if job.status.state in (*AT_WORK, QUEUED))
        return found or next(busy, None) or next(iter(own), None)

    def at_work(self) -> list[F]:
        """The jobs that workers are working on.

        Unlike `Queue.working` this does not try the locks of finished jobs, which would interfere
        with another page doing the same.
        """
        return [job for job in self.kind.all() if job.status.state in AT_WORK]

    def waiting_words(self) -> str:
        """Why a job that is started now would have to wait; "" if it would not."""
        states = [job.status.state for job in self.kind.all()]
        busy, queued = sum(s in AT_WORK for s in states), states.count(QUEUED)
        most = limit(self.kind.LIMIT)
        if busy < most and not queued:
            return ""
        if not most:
            return tr("This server trains no {what}.", what=self._what)
        many = (
            tr("1 {noun} is", noun=self.called)
            if busy == 1
            else tr("{busy} {noun}s are", busy=busy, noun=self.called)
        )
        return tr(
            "{many} in training, the most this server allows at once: yours would be "
            "number {queued} in the queue.",
            many=many,
            queued=queued + 1,
        )

    def room(self) -> None:
        """Raise `SpecError` if this visitor already keeps the largest number of jobs allowed."""
        most = limit(self._kept)
        if not is_operator() and sum(may_change(job) for job in self.kind.all()) >= most:
            allowed = tr("at most {most:g} per visitor: delete one first", most=most)
            raise SpecError(f"{self.noun}s", f"{most + 1:g}", allowed)

    def list(
        self, jobs: list[F], chosen: F | None, title: Callable[[F], str], line: Callable[[F], str]
    ) -> None:
        """Draw the list in the sidebar. title, line: words about one job."""
        kind, noun = self.kind.KIND, self.called
        st.button(
            tr("New {noun}", noun=noun),
            icon=":material/add:",
            key=f"{kind}_new",
            type="secondary" if chosen else "primary",
            on_click=self.show,
            args=(None,),
            width="stretch",
        )
        if not jobs:
            st.caption(tr("No {noun}s yet.", noun=noun))
            return
        several = tr(_NOUNS[self.noun][1])
        section(several)
        few = jobs if st.session_state.get(f"{kind}_more") else jobs[:_FEW]
        if chosen is not None and chosen.name not in [job.name for job in few]:
            few = [*few, chosen]
        by_name, key = {job.name: job for job in few}, f"{kind}_{self.noun}s"
        # Set on each execution: the choice may have been made elsewhere.
        st.session_state[key] = chosen.name if chosen else None
        st.radio(
            several,
            list(by_name),
            index=None,
            key=key,
            format_func=_labels(few, title).get,
            captions=[f"{line(job)}{_whose(job)}" for job in few],
            on_change=lambda: atomic(lambda: self.show(by_name[st.session_state[key]])),
            label_visibility="collapsed",
        )
        if len(jobs) > _FEW:
            st.toggle(tr("All {count} {noun}s", count=len(jobs), noun=noun), key=f"{kind}_more")


def when(name: str) -> str:
    """The time in the name of a job's folder, such as 25 Nov 08:43; else the name."""
    try:
        return time.strftime(tr("%d %b %H:%M"), time.strptime(name[:17], "%Y-%m-%d-%H%M%S"))
    except ValueError:
        return name


def duration(seconds: float | None) -> str:
    """A time in readable units: 45 s, 3 min, 2 h 05 min; "" if unknown."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ""
    if seconds < 60:
        return tr("{seconds:.0f} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    if minutes < 48 * 60:
        return tr("{hours} h {minutes:02d} min", hours=minutes // 60, minutes=minutes % 60)
    return tr("{days:.0f} days", days=minutes / 60 / 24)


def _labels(jobs: list[F], title: Callable[[F], str]) -> dict[str, str]:
    """The label of each job in the list, made unique: Streamlit identifies options by label."""
    short = {job.name: f"{plain(when(job.name))} · {title(job)}" for job in jobs}
    words = list(short.values())
    return {n: w if words.count(w) == 1 else f"{w} ({plain(n[-7:])})" for n, w in short.items()}


def _whose(job: Folder[Any, Any, Any]) -> str:
    """A note beside a job that belongs to another visitor; "" beside the visitor's own."""
    return "" if may_change(job) or is_operator() else tr(" · another visitor's")
