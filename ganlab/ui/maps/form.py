"""The form for a new map: what does not vary, one to three axes, seeds and iterations."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ganlab.experiment import params
from ganlab.languages import _, joined, listed, tr
from ganlab.limits import limit
from ganlab.params import PARAMS, in_words
from ganlab.presets import PRESETS
from ganlab.registry import Param, SpecError
from ganlab.shape import FIELDS as SHAPE
from ganlab.spec import Spec
from ganlab.sweeps.axis import Axis
from ganlab.sweeps.job import QUEUE, Folder, check
from ganlab.sweeps.presets import MapPreset
from ganlab.sweeps.sweep import Sweep
from ganlab.ui import language
from ganlab.ui.atomic import atomic
from ganlab.ui.jobs import Jobs
from ganlab.ui.layout import section
from ganlab.ui.maps.presets import FIELD, about, given, offer
from ganlab.ui.plain import plain, say
from ganlab.ui.start import unusable
from ganlab.ui.visitor import owner
from ganlab.ui.widgets import show_error

MAPS = Jobs(Folder, "map", "maps_kept", _("maps"))
_RING = Spec(target="ring", latent_dim=2, g_hidden=(16, 16), d_hidden=(16, 16), batch=128)
_BASES = {
    _("2-D lab: a ring of eight modes"): _RING,
    _("1-D lab: two modes"): Spec(target="two_gaussians"),
}
_WHERE = (_("across"), _("up"), _("and side by side"))
_GIVEN = _("the settings of the lab")
_NONE = "none"
_BOTH = "g_lr+d_lr"  # take the same values
_WRONG = "_maps_wrong"
_SUGGESTED = {
    "k": "1,2,5",
    "g_lr": "1e-5..1e-1:7:log",
    "d_lr": "1e-5..1e-1:7:log",
    "batch": "16,64,256",
    "g_hidden": "8,8;16,16;32,32;64,64",
    "d_hidden": "8,8;16,16;32,32;64,64",
    "r1": "0,0.01,0.1,1,10",
    "unroll": "0,1,5,10",
}


@dataclass(frozen=True)
class _Start:
    """What the form begins with: bases by their words, and perhaps a preset's values."""

    bases: dict[str, Spec]
    ignored: list[SpecError]
    preset: MapPreset | None

    @property
    def suffix(self) -> str:
        """Of the widgets' keys: those of a preset are others, with its own values."""
        return "" if self.preset is None else f"_{self.preset.name}"

    def axis(self, at: int) -> tuple[str, str | None]:
        """The field of an axis and its values; None for those that are suggested."""
        if self.preset is None:
            return ("d_lr", "k", _NONE)[at], None
        return (*self.preset.axes.items(), (_NONE, None), (_NONE, None))[at]


def form() -> None:
    """Draw the form; starting shows the new map."""
    start = _start()
    if start.ignored:
        unusable(start.ignored)
    section(tr("Published maps"))
    offer(start.preset)
    if start.preset is not None:
        about(start.preset)
    left, right = st.columns([3, 2], gap="large")
    with left:
        base = start.bases[
            st.selectbox(
                tr("what does not vary"),
                list(start.bases),
                key=f"maps_base{start.suffix}",
                format_func=tr,
            )
            or _first(start)
        ]
        say(_differs(base))
        wrong: list[SpecError] = []
        axes = [_axis(base, at, start, wrong) for at in range(len(_WHERE))]
    with right:
        options = _options(start)
        _begin(base, [a for a in axes if a is not None], options, wrong)
    if (failed := st.session_state.pop(_WRONG, None)) is not None:
        show_error(failed, tr("The map did not start. The form keeps its values."))


def _options(start: _Start) -> dict[str, Any]:
    """Seeds, iterations and checks."""
    own = start.preset or MapPreset("", "", "", "")

    def number(name: str, title: str, low: int, high: int, step: int = 1, words: str = "") -> int:
        value, key = getattr(own, name), f"maps_{name}{start.suffix}"
        given = st.number_input(title, low, high, value, step=step, key=key, help=words or None)
        return int(given or low)

    return {
        "seeds": number("seeds", tr("seeds per cell"), 1, 64),
        "iterations": number("iterations", tr("iterations"), 100, 100_000, 500),
        "checks": number("checks", tr("checks"), 4, 200, 1, tr("How often each run is measured.")),
    }


def _start() -> _Start:
    """The bases to choose from: those of the address, the labs', and the phenomena's."""
    ignored: list[SpecError] = []
    preset, own = given(ignored), (MAPS.noun, FIELD, language.FIELD, *SHAPE)
    pairs = [(n, v) for n in st.query_params for v in st.query_params.get_all(n) if n not in own]
    bases: dict[str, Spec] = (
        {} if preset is None else {_("map: {title}", title=preset.title): preset.base}
    )
    if pairs:
        try:
            bases[_GIVEN] = Spec.from_query(pairs, ignored).in_a_lab()
        except SpecError as error:
            ignored.append(error)
    bases |= _BASES
    for phenomenon in PRESETS.entries.values():
        if not phenomenon.published:
            bases[_("phenomenon: {title}", title=phenomenon.title)] = phenomenon.specs[0]
    return _Start(bases, ignored, preset)


def _differs(base: Spec) -> str:
    """What a base has other than the defaults, in words."""
    known = params(base)
    words = [
        f"{tr(param.title)} = {tr(param.words(base.value(name)))}"
        for name, param in {"target": PARAMS["target"], **known}.items()
        if name == "target" or base.value(name) != param.default
    ]
    return listed(words)


def _first(start: _Start) -> str:
    return next(iter(start.bases))


def _axis(base: Spec, at: int, start: _Start, wrong: list[SpecError]) -> Axis | None:
    """The widgets of one axis; None if there is none, or its values are `wrong`."""
    known = {n: p for n, p in params(base).items() if p.kind not in ("data", "text")}
    first, text = start.axis(at)
    names = [*([] if at == 0 else [_NONE]), *known, _BOTH]
    field, values = st.columns([2, 3], vertical_alignment="bottom")
    name = field.selectbox(
        tr(_WHERE[at]),
        names,
        index=names.index(first) if first in names else 0,
        key=f"maps_field_{at}{start.suffix}",
        format_func=lambda n: tr(_("none") if n == _NONE else _title(known, n)),
    )
    if name in (None, _NONE):
        return None
    single = name.split("+")[0]
    text = values.text_input(
        tr("values of {title}", title=_title(known, name)),
        text if text is not None and name == first else _suggested(single, known[single]),
        key=f"maps_values_{at}_{name}{start.suffix}",
        help=tr(
            "Values with commas between them (lists: with semicolons), or a range: "
            "lowest..highest:steps, and :log for equal ratios."
        ),
    )
    try:
        return Axis.of(base, name, text or "")
    except SpecError as error:
        wrong.append(error)
        with values:
            say(in_words(error), "warn", alert=True)
        return None


def _title(known: dict[str, Param], name: str) -> str:
    """The words for a field, or for fields that take the same values."""
    return joined(_(" and "), (known[n].title for n in name.split("+")))


def _suggested(name: str, param: Param) -> str:
    if name in _SUGGESTED:
        return _SUGGESTED[name]
    if param.kind == "choice":
        return ",".join(list(param.choices)[:6])
    if param.scale is not None:
        low, high = param.scale
        return f"{low:g}..{high:g}:5"
    now = param.typical if param.typical is not None else param.default
    if isinstance(now, (int, float)) and now:
        values = [now / 2, now, 2 * now]
        allowed = [v for v in values if param.low <= v <= param.high]
        return ",".join(f"{int(v) if param.kind == 'int' else v:g}" for v in dict.fromkeys(allowed))
    return param.format(param.default)


def _begin(base: Spec, axes: list[Axis], options: dict[str, Any], wrong: list[SpecError]) -> None:
    """The size of the map, what is wrong with it, and the button that starts it."""
    sweep: Sweep | None = None
    try:
        if wrong:
            raise wrong[0]
        if not axes:
            raise SpecError("axes", "none", tr("at least one axis with values"))
        sweep = Sweep(base, tuple(axes), **options)
        runs = len(sweep.allowed) * sweep.seeds
        took = check(sweep)
        st.markdown(
            tr(
                "**{listed} cells, {runs:,} runs**, about {value} min of one core",
                listed=" × ".join(map(str, sweep.shape)),
                runs=runs,
                value=max(1, round(took)),
            )
        )
        left_out = [cell for cell in sweep.cells if cell.spec is None]
        if left_out:
            say(
                tr(
                    "{count} cells are left out: {why}",
                    count=len(left_out),
                    why=plain(left_out[0].why),
                ),
                "quiet",
            )
    except SpecError as error:
        if error not in wrong:  # those stand beside their fields
            say(in_words(error), "warn", alert=True)
        sweep = None
    st.button(
        tr("Train the map"),
        type="primary",
        icon=":material/play_arrow:",
        key="maps_train",
        disabled=sweep is None or not limit("map_jobs"),
        on_click=_train,
        args=(sweep,),
    )
    if words := MAPS.waiting_words():
        st.caption(words)


def _train(sweep: Sweep | None) -> None:
    """Start a map and show it."""
    folder, wrong = None, None
    try:
        if sweep is not None:
            MAPS.room()
            check(sweep)
            folder = Folder.create(sweep, owner=owner())
            QUEUE.start(folder)
    except (SpecError, OSError) as error:
        wrong = error
        if folder is not None:
            shutil.rmtree(folder.path, ignore_errors=True)

    def tell() -> None:
        if wrong is not None:
            st.session_state[_WRONG] = wrong
        elif folder is not None:
            MAPS.show(folder)

    atomic(tell)
