"""All fields of a Spec: the lines of `Fields`, and the fields of entries that were added later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

from ganlab.declarations import entries_params
from ganlab.fields import LINES
from ganlab.languages import _
from ganlab.optim import OPTIMIZERS
from ganlab.registry import Entry, Param, SpecError
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS


class _Params(Mapping[str, Param]):
    """The Params of all fields by name, in the order in which they are shown.

    They are the lines of `Fields`, and the other Params of stabilisers and optimisers, which may be
    added at any time. Each of the latter follows the last field of its owner.
    """

    def __init__(self) -> None:
        self._now: tuple[tuple[Entry, ...], dict[str, Param], dict[str, Param]] = ((), LINES, {})

    def _read(self) -> tuple[tuple[Entry, ...], dict[str, Param], dict[str, Param]]:
        now = self._now
        entries = (*STABILISERS.entries.values(), *OPTIMIZERS.entries.values())
        if now[0] != entries:
            late = {n: p for n, p in entries_params().items() if n not in LINES}
            self._now = now = entries, _in_order(late), late
        return now

    @property
    def late(self) -> dict[str, Param]:
        """The Params of entries without a line in `Fields`."""
        return self._read()[2]

    def __getitem__(self, name: str) -> Param:
        param = LINES.get(name)
        return self.late[name] if param is None else param

    def __iter__(self) -> Iterator[str]:
        return iter(self._read()[1])

    def __len__(self) -> int:
        return len(self._read()[1])


def _in_order(late: Mapping[str, Param]) -> dict[str, Param]:
    if not late:
        return LINES
    last = {param.owner: name for name, param in LINES.items()}
    out: dict[str, Param] = {}
    for name, param in LINES.items():
        out[name] = param
        if last[param.owner] == name:
            out |= {n: p for n, p in late.items() if p.owner == param.owner}
    return out


PARAMS = _Params()


class Names(Sequence[str]):
    """The names of the fields for which `wanted` is true, including those added later."""

    def __init__(self, wanted: Callable[[Param], object]):
        self._wanted = wanted

    def _all(self) -> tuple[str, ...]:
        return tuple(name for name, param in PARAMS.items() if self._wanted(param))

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        return self._all()[at]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __contains__(self, name: object) -> bool:
        param = PARAMS.get(name) if isinstance(name, str) else None
        return param is not None and bool(self._wanted(param))

    def __repr__(self) -> str:
        return repr(self._all())


KNOBS = Names(lambda param: param.knob)  # the controls above the picture
LIVE = Names(lambda param: param.live)  # fields that may change during a run
OF_IMAGES = Names(lambda param: param.images)  # fields that have an effect for images only


def toggle_of(name: str) -> Entry | None:
    """The stabiliser that declares a field, or None."""
    entries = STABILISERS.entries.values()
    return next((e for e in entries if any(p.name == name for p in e.params)), None)


def _refused(entry: Entry) -> str | None:
    """Why a Spec cannot have the fields that an entry declares, or None."""
    for param in entry.params:
        known = PARAMS.get(param.name)
        if known is not None and known is not param:
            return _(
                "its field {name!r} is declared elsewhere: use PARAMS[{name!r}]", name=param.name
            )
        if not param.name.isidentifier() or param.name.startswith("_"):
            return _("its field {name!r} is not a name", name=param.name)
        if not param.title or not param.doc:
            return _("its field {name!r} has no title or no doc", name=param.name)
        try:
            param.check(param.default)
        except SpecError as error:
            return _("the default of a field is not allowed: {error}", error=error)
    return None


STABILISERS.guards.append(_refused)
OPTIMIZERS.guards.append(_refused)


def named(error: SpecError) -> tuple[str, str] | None:
    """The label of an error's field and its value, in the words of its control; None if unknown."""
    # In a comparison's address, b.k is the k of run B.
    run, _dot, rest = error.name.partition(".")
    who, name = (
        (_("run {letter}'s ", letter=run.upper()), rest)
        if rest and run in "abcd"
        else ("", error.name)
    )
    param = PARAMS.get(name) or _of_a_target(name.removeprefix("t."))
    if param is None:
        return None
    try:
        value = param.words(param.check(error.value))
    except SpecError:
        value = error.shown
    return who + param.title, value


def not_live(name: str, value: object) -> SpecError:
    """The error for a field that cannot change during a run, or that does not exist."""
    if isinstance(name, str) and (name in PARAMS or name in ("target_params", "extras")):
        return SpecError(name, value, _("unchanged: another value needs a new run"))
    return SpecError(name, value, _("left out: there is no such field"))


def in_words(error: SpecError) -> str:
    """An error's message with the label of the field's control in place of its name."""
    words = named(error)
    if words is None:
        return str(error)
    return _(
        "{words} = {words2} is not allowed; it must be {allowed}.",
        words=words[0],
        words2=words[1],
        allowed=error.allowed,
    )


def _of_a_target(name: str) -> Param | None:
    every = (param for target in TARGETS for param in TARGETS[target].params)
    return next((param for param in every if param.name == name), None)
