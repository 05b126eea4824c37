"""Other families of generative models on the Compare page, on run A's data and budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from ganlab import figures
from ganlab.baselines import FAMILIES, ROWS, Result, as_csv, best
from ganlab.baselines.compare import POINTS, probe_of
from ganlab.baselines.entry import BATCH, Task
from ganlab.languages import _, tr
from ganlab.live.families import FITTED
from ganlab.live.scene import scene
from ganlab.live.session import Session
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.ui.atomic import atomic
from ganlab.ui.start import families_shown
from ganlab.ui.visitor import owner
from ganlab.ui.widgets import show_error

_SWITCH, _SHOWN = "families_switch", "_families_shown"
_EVERY = 1.0  # seconds between two checks while they are fitted
_COLUMNS = 3
_SIZE = (290, 230)  # of a picture, in px
_LAYERS = ("p_data", "p_g", "fake")
_COLUMN_NAMES = (
    _("family"),
    "JSD",
    "W₁",
    _("modes"),
    _("within 3σ"),
    _("log p(held-out)"),
    _("fit"),
    _("16,384 samples"),
    "",
)


def families_switch(session: Session) -> None:
    """The switch in the sidebar that shows or hides the other families."""
    if _SHOWN not in st.session_state:
        st.session_state[_SHOWN] = families_shown()
    # Streamlit forgets a widget's value when the user visits another page.
    st.session_state.setdefault(_SWITCH, st.session_state[_SHOWN])

    def switched() -> None:
        st.session_state[_SHOWN] = st.session_state[_SWITCH]

    st.toggle(
        tr("Beside other families"),
        key=_SWITCH,
        on_change=lambda: atomic(switched),
        disabled=session.shape.fixed("families"),
        help=tr(
            "Show a Gaussian mixture, a kernel density, a VAE, a flow and a diffusion "
            "model beside the GAN: on the same data, with the same budget."
        ),
    )
    _tell(session)


def _tell(session: Session) -> None:
    """Let the page's address say whether they are shown."""
    shown = st.session_state.get(_SHOWN, families_shown())
    if session.families != shown:
        session.families = shown
        session.feed.status_wanted = True


def beside(session: Session) -> None:
    """Draw the section, if it is switched on."""
    if not st.session_state.get(_SHOWN, families_shown()):
        return
    spec = session.spec
    with st.container(border=True, key="families"):
        st.markdown(tr("**Beside other families**"))
        if spec.domain.enumerated:
            st.caption(
                tr("They are models of points on a line or in a plane, and cannot learn symbols.")
            )
            return
        try:
            waits = FITTED.ahead(spec)
            st.fragment(_watch, run_every=None if waits is None else _EVERY)(spec)
        except SpecError as error:
            show_error(error, tr("Other families cannot learn this."))


def _watch(spec: Spec) -> None:
    """Progress, buttons, pictures and numbers; executed again while they are fitted."""
    found, waits = FITTED.look(spec), FITTED.ahead(spec)
    was = st.session_state.get("_families_waits")
    st.session_state["_families_waits"] = waits is None
    st.caption(_told(spec))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _buttons(spec, found, waits)
    if found:
        _pictures(spec, found)
        with st.container(key="families_numbers"):
            st.markdown(_numbers(spec, found))
    with st.container(key="families_can"):
        st.markdown(
            tr(
                "**What each can and cannot**: the rows of Table 2 of Goodfellow et al. "
                "2014, and whether it covers all modes"
            )
        )
        st.markdown(_table())
    if waits is None and was is False:
        st.rerun()  # without the clock


def _told(spec: Spec) -> str:
    size = f"{spec.data_size:,}" if spec.data_size else f"{POINTS:,}"
    return tr(
        "All learn the same {size} points of p_data of run A, which are drawn once "
        "with its seed: {steps:,} steps on minibatches of {batch} (the GAN: "
        "{steps:,} iterations of run A), at most {seconds:.0f} s of a core each. "
        "They are small, and not tuned to this p_data.",
        size=size,
        steps=Task.steps,
        batch=BATCH,
        seconds=Task.seconds,
    )


def _buttons(spec: Spec, found: Sequence[Result], waits: int | None) -> None:
    if waits is not None:
        st.button(tr("Stop"), key="families_stop", on_click=lambda: FITTED.stop(owner()))
        place = (
            tr("{waits} others first", waits=waits)
            if waits
            else tr("{count} of {count2} are ready", count=len(found), count2=len(FAMILIES))
        )
        st.caption(tr("Fitting: {place}.", place=place))
        return
    if len(found) < len(FAMILIES):
        visitor = owner()
        if st.button(
            tr("Fit them"), key="families_fit", type="primary", icon=":material/play_arrow:"
        ):
            try:
                FITTED.ask(spec, visitor)
            except SpecError as error:
                show_error(error, tr("Not now."))
                return
            st.rerun()
    if found:
        st.download_button(
            tr("Numbers as CSV"),
            as_csv(found),
            "ganlab-families.csv",
            "text/csv",
            key="families_csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _pictures(spec: Spec, found: Sequence[Result]) -> None:
    dark = st.context.theme.type == "dark"
    header, arrays = scene(
        Spec(target=spec.target, target_params=spec.target_params, latent_dim=2), probe_of(spec), 0
    )
    header["layers"] = [layer for layer in header["layers"] if layer["id"] in _LAYERS]
    shown = [one for one in found if not one.refused]
    for first in range(0, len(shown), _COLUMNS):
        row = shown[first : first + _COLUMNS]
        for column, one in zip(st.columns(_COLUMNS), row, strict=False):
            picture = figures.picture(
                {**header, **arrays},
                {"p_g": one.p} if spec.domain.density else {"fake": one.shown},
                "dark" if dark else "light",
                *_SIZE,
                legend=False,
                scale=0.85,
            )
            if spec.domain.density:  # there is no D
                kept = [note for note in picture.layout.annotations if note.text != "D(x)"]
                picture.layout.annotations, picture.layout.shapes = kept, ()
                picture.layout.yaxis2.visible = False
            with column:
                st.markdown(f"**{tr(FAMILIES[one.family].title)}**")
                st.caption(tr(one.about))
                st.plotly_chart(
                    picture,
                    theme=None,
                    width="content",
                    config={**figures.CONFIG, "displayModeBar": False},
                    key=f"families_{one.family}",
                )


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _numbers(spec: Spec, found: Sequence[Result]) -> str:
    """The table of numbers, as Markdown."""
    rows = [_COLUMN_NAMES, ("---",) + ("---:",) * (len(_COLUMN_NAMES) - 2) + ("---",)]
    floors, known = probe_of(spec).floors, best(spec)
    modes = probe_of(spec).target.modes
    of = "" if modes is None else tr(" of {count}", count=len(modes.std))
    rows += [
        (
            tr("p_data itself"),
            f"{floors['jsd']:.4f}",
            _number(floors["w1"], ".3g"),
            "–",
            "–",
            _number(known, ".3f"),
            "–",
            "–",
            tr("the floors of these estimates"),
        )
    ]
    for one in found:
        title, n = FAMILIES[one.family].title, one.numbers
        if one.refused:
            rows += [(title, *("–",) * 7, one.refused)]
            continue
        short = one.steps < one.of
        ends = (
            tr("stopped after {steps:,} of {of:,} steps", steps=one.steps, of=one.of)
            if short
            else ""
        )
        bound = "≥ " if one.bound else ""
        likely = _number(n["log_likelihood"], ".3f")
        captured = _number(n["modes"], ".0f")
        rows += [
            (
                title,
                _number(n["jsd"], ".4f"),
                _number(n["w1"], ".3g"),
                captured if captured == "–" else captured + of,
                "–" if math.isnan(n["hq"]) else f"{n['hq']:.1%}",
                likely if likely == "–" else bound + likely,
                f"{n['fit_seconds']:.1f} s",
                f"{n['sample_seconds']:.2f} s",
                ends,
            )
        ]
    return _markdown(rows)


def _table() -> str:
    """What each family can and cannot, as Markdown."""
    families = list(FAMILIES.entries.values())
    rows: list[Any] = [("", *(f.title for f in families)), ("---",) * (len(families) + 1)]
    rows += [(title, *(getattr(f, name) for f in families)) for name, title in ROWS.items()]
    return _markdown(rows)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    cells = [[tr(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
