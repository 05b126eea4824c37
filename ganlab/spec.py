"""Spec: the one copy of a run's configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, assert_type
from urllib.parse import quote, urlencode

from ganlab import variants
from ganlab.fields import LINES
from ganlab.languages import _
from ganlab.optim import OPTIMIZERS
from ganlab.own_data import FIELD as OWN
from ganlab.own_data import STORE, from_text, names_in, to_text
from ganlab.params import KNOBS, OF_IMAGES, PARAMS
from ganlab.query import PREFIX, not_together, refusing, texts_of, values_of
from ganlab.reading import parse_json
from ganlab.reconcile import reconcile
from ganlab.registry import Entry, Registry, SpecError
from ganlab.shapes import Shapes
from ganlab.stabilisers import STABILISERS, refusal
from ganlab.targets import TARGETS, Target, make_target

__all__ = ["KNOBS", "OF_IMAGES", "PARAMS", "Spec"]


class Params(Mapping[str, Any]):
    """An immutable, hashable mapping of a target's parameters."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any]):
        self._items = dict(items)

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._items.items())))

    def __repr__(self) -> str:
        return repr(self._items)


T = TypeVar("T")


def _with_late_fields(cls: type[T]) -> type[T]:
    """Let a Spec accept, by their names, the fields of entries that were added later."""
    init, own = cls.__init__, {f.name for f in fields(cls)}  # type: ignore[arg-type]

    @wraps(init)
    def __init__(self: Any, **values: Any) -> None:
        if not values.keys() <= own:
            late = {n: values.pop(n) for n in values.keys() & PARAMS.late.keys()}
            extras = values.get("extras", {})
            values["extras"] = {**extras, **late} if isinstance(extras, Mapping) else extras
        init(self, **values)

    cls.__init__ = __init__  # type: ignore[method-assign]
    return cls


@_with_late_fields
@dataclass(frozen=True, kw_only=True)
class Spec(Shapes):
    """One GAN on one target: registry names and numbers, validated and hashable.

    Each field is described by its entry in `PARAMS` (and in `TARGETS[target].params` for
    `target_params`, which is completed with the defaults). Raises `SpecError`, which names the
    field, the value and what is allowed.

    extras: values, other than the defaults, of fields that were declared by entries outside of this
    repository. They are given and read by name like other fields, also in addresses and in JSON.
    """

    target_params: Mapping[str, Any] = Params({})
    extras: Mapping[str, Any] = Params({})

    def __post_init__(self) -> None:
        values = self.__dict__  # the attributes of a frozen instance cannot be assigned
        for name, param in LINES.items():
            values[name] = param.check(values[name])
        if len(self.betas) != 2:
            raise SpecError("betas", self.betas, _("two numbers, β₁ and β₂"))
        values["extras"] = _checked_extras(self.extras)
        if not isinstance(self.target_params, Mapping):
            raise SpecError(
                "target_params", self.target_params, _("a mapping from names to values")
            )
        known = {p.name: p for p in TARGETS[self.target].params}
        for name in self.target_params:
            if name not in known:
                allowed = _("one of ") + (", ".join(known) or "none")
                raise SpecError(f"target_params of {self.target}", name, allowed)
        filled = {n: p.check(self.target_params.get(n, p.default)) for n, p in known.items()}
        values["target_params"] = Params(filled)
        # Constraints on several fields:
        make_target(self.target, self.target_params)
        self.check_together()
        if (refused := refusal(self)) is not None:
            raise SpecError(*refused)

    if not TYPE_CHECKING:  # a type checker must see only the declared fields

        def __getattr__(self, name: str) -> Any:
            param = None if name.startswith("__") else PARAMS.late.get(name)
            if param is None:
                raise AttributeError(f"{type(self).__name__!r} has no field {name!r}")
            return self.__dict__["extras"].get(name, param.default)

    @property
    def built(self) -> Target:
        """The target with its parameters."""
        return make_target(self.target, self.target_params)

    def in_a_lab(self) -> Spec:
        """This Spec. Raises `SpecError` if its target is images, which no lab can draw."""
        if not self.domain.drawn:
            raise SpecError(
                "target", self.target, _("1-D or 2-D, or symbols; the MNIST page trains on images")
            )
        return self

    def batch_key(self) -> tuple[object, ...]:
        """What runs must share to be advanced together: shapes, grids, loss and code path."""
        values = self.__dict__
        shared = tuple([values[name] for name in _SHARED])
        more = tuple((n, v) for n, v in self.extras.items() if not PARAMS[n].numeric)
        return (*shared, *more, self.stabilisers)

    @property
    def stabilisers(self) -> tuple[str, ...]:
        """The names of the stabilisers that are on."""
        return tuple(name for name in STABILISERS if STABILISERS[name].on(self))

    @property
    def outside(self) -> tuple[str, ...]:
        """The modules outside of this package whose variants it uses."""
        found = [STABILISERS.origin(name) for name in self.stabilisers]
        for name, param in LINES.items():
            if isinstance(param.choices, Registry):
                found.append(param.choices.origin(getattr(self, name)))
        for registry in (STABILISERS, OPTIMIZERS):
            for entry in registry.entries.values() if self.extras else ():
                if any(param.name in self.extras for param in entry.params):
                    found.append(registry.origin(entry.name))
        return tuple(dict.fromkeys(name for name in found if variants.outside(name)))

    def replace(self, **changes: Any) -> Spec:
        """A copy with some fields changed; a new target starts with its own default parameters."""
        if changes.get("target", self.target) != self.target:
            changes.setdefault("target_params", {})
        return replace(self, **changes)

    @property
    def own_data(self) -> list[str]:
        """The names of the own data that its target uses."""
        return names_in(TARGETS[self.target].params, self.target_params)

    def value(self, name: str) -> Any:
        """The value of a field by its name in an address ("t.name" for a target's parameter)."""
        if name.startswith(PREFIX):
            return self.target_params[name[len(PREFIX) :]]
        return getattr(self, name)

    def changed(self, values: Mapping[str, Any]) -> Spec:
        """A copy with other values of fields, by their names in an address. Raises `SpecError`."""
        own = {n[len(PREFIX) :]: v for n, v in values.items() if n.startswith(PREFIX)}
        plain = {n: v for n, v in values.items() if not n.startswith(PREFIX)}
        same = plain.get("target", self.target) == self.target
        return replace(self, **plain, target_params={**self.target_params, **own} if same else own)

    def to_dict(self) -> dict[str, Any]:
        """Every field, in types that JSON can represent."""
        out = {name: getattr(self, name) for name in LINES}
        out |= {"target_params": dict(self.target_params), **self.extras}
        plain: dict[str, Any] = json.loads(json.dumps(out))
        return plain

    @classmethod
    def from_dict(cls, items: Mapping[str, Any]) -> Spec:
        """The inverse of `to_dict`; missing fields get their defaults. Raises `SpecError`."""
        if not isinstance(items, Mapping):
            raise SpecError("spec", items, _("an object of names and values"))
        names = [*PARAMS, "target_params"]
        for name in items:
            if name not in names:
                raise SpecError("spec field", name, _("one of ") + ", ".join(names))
        return cls(**items)

    def to_json(self) -> str:
        """The whole Spec as JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Spec:
        """The inverse of `to_json`. Raises `SpecError`."""
        return cls.from_dict(parse_json(text, "spec", _("JSON as written by Spec.to_json()")))

    def to_query_pairs(self) -> list[tuple[str, str]]:
        """The whole Spec as the fields of a URL; a target's parameters are called t.name.

        Small data of users (see `ganlab.own_data`) are in the field `own`.
        """
        pairs = [(n, p.format(getattr(self, n))) for n, p in LINES.items()]
        pairs += [(n, PARAMS[n].format(v)) for n, v in self.extras.items()]
        pairs += [
            (PREFIX + p.name, p.format(self.target_params[p.name]))
            for p in TARGETS[self.target].params
        ]
        return pairs + [(OWN, text) for n in self.own_data if (text := to_text(n)) is not None]

    def to_query(self) -> str:
        """The whole Spec as a URL's query string."""
        return _query(self)

    @classmethod
    def from_query(
        cls,
        query: str | Iterable[tuple[str, str]],
        ignored: list[SpecError] | None = None,
        base: Spec | None = None,
    ) -> Spec:
        """The inverse of `to_query`.

        An address with events, or of many seeds, is read by `Experiment.from_query`.

        base: the Spec that missing fields are taken from; if the query names a target, they get
        their defaults. Raises `SpecError` for fields that cannot be used. If `ignored` is a list,
        an error for each of them is appended to it instead (an `UnknownField`, a `GivenTwice`,
        whose first value is used, or another `SpecError`), and as many of the other fields are used
        as go together.
        """
        refuse = refusing(ignored)
        texts = texts_of(query, refuse)
        receive(texts, refuse)
        # The target first: it decides which other fields there are.
        target = {"target": texts.pop("target")} if "target" in texts else {}
        values = values_of(PARAMS, target, refuse)
        now = base if base is not None and not values else None
        now = now or cls(**values)
        own = {PREFIX + p.name: p for p in TARGETS[now.target].params}
        values |= values_of({**PARAMS, **own}, texts, refuse)
        if ignored is None:
            return now.changed(values)
        spec, refused = reconcile(now, values, cls.changed)
        for name, error in refused.items():
            ignored.append(not_together(name, values[name], error))
        return spec


def receive(texts: dict[str, str], refuse: Callable[[SpecError], None]) -> None:
    """Take the field with small data out of an address's `texts`, and keep the data.

    `refuse` gets a `SpecError` for data that are damaged, or that no other field names; none is
    raised, unless `refuse` raises it.
    """
    text = texts.pop(OWN, None)
    if text is None:
        return
    try:
        data = from_text(text)
        if data.name not in texts.values():
            raise SpecError(OWN, text, _("the data whose hash is in another field of the address"))
    except SpecError as error:
        refuse(error)
    else:
        STORE.put(data)


def _taken(entry: Entry) -> str | None:
    """Why a Spec cannot have the fields that an entry declares, or None."""
    for param in entry.params:
        if param.name not in LINES and hasattr(Spec, param.name):
            return _("the name {name!r} of its field is taken by Spec.{name}", name=param.name)
    return None


STABILISERS.guards.append(_taken)
OPTIMIZERS.guards.append(_taken)

# Fields that runs must share to be advanced together, besides the stabilisers that are on.
_SHARED = ("target_params", *(name for name, param in LINES.items() if not param.numeric))


def _checked_extras(extras: object) -> Params:
    """The values, other than defaults, of fields declared outside. Raises `SpecError`."""
    if not isinstance(extras, Mapping):
        raise SpecError("extras", extras, _("a mapping from names to values"))
    if not extras:
        return _NO_EXTRAS
    late = PARAMS.late
    for name in extras:
        if name not in late:
            raise SpecError(
                "spec field", name, _("one of ") + ", ".join((*PARAMS, "target_params"))
            )
    checked = {n: p.check(extras[n]) for n, p in late.items() if n in extras}
    return Params({n: v for n, v in checked.items() if v != late[n].default})


_NO_EXTRAS = Params({})


@lru_cache(maxsize=256)
def _query(spec: Spec) -> str:
    # Cached: it takes 1 ms, and each session asks for it with each status.
    return urlencode(spec.to_query_pairs(), safe=",", quote_via=quote)


variants.load()

if TYPE_CHECKING:  # tests for the type checker: it must know the fields of a Spec
    assert_type(Spec(k=3).k, int)
    assert_type(Spec().g_hidden, tuple[int, ...])
    Spec(nonsense=1)  # type: ignore[call-arg]  # must be an error, or the comment is unused
    print(Spec().nonsense)  # type: ignore[attr-defined]  # likewise
