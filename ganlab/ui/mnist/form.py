"""The form for a new MNIST run: images, recipe, duration, and every field of its Spec."""

from __future__ import annotations

import shutil
from typing import Any

import streamlit as st

from ganlab.languages import _, tr
from ganlab.limits import limit
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.mnist.recipes import RECIPES, Recipe
from ganlab.mnist.records import DEVICE, EPOCHS, MEASURE, Plan
from ganlab.params import PARAMS, in_words, toggle_of
from ganlab.paths import chosen, kept
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec
from ganlab.ui.atomic import atomic
from ganlab.ui.jobs import when
from ganlab.ui.layout import section
from ganlab.ui.mnist import data
from ganlab.ui.mnist.place import RUNS
from ganlab.ui.mnist.words import recipe_of
from ganlab.ui.plain import code, plain, say
from ganlab.ui.visitor import owner
from ganlab.ui.widgets import held, param_widget, put, show_error

_ELSEWHERE = "data"  # the owner of fields that have other controls: the images and the seed
_GROUPS = (
    (_("Generator"), "green", "G"),
    (_("Discriminator"), "blue", "D"),
    (_("Game"), "", "game"),
    (_("Steps"), "", "optimiser"),
)
_RECIPE = "mnist_recipe"
_VALUES = "_mnist_values"  # the widgets' values, kept while the user visits other pages
_OFFERED = "_offered"  # the number of epochs that the form itself filled in last
_WRONG = "_mnist_form_wrong"
_PRESSED = "_mnist_train_pressed"


def form() -> None:
    """Draw the form."""
    _recipe()
    left, right = st.columns([2, 1], gap="large")
    with right:
        section(tr("Images"))
        target, folder = data.images()
        if (place := kept()) != chosen():
            st.warning(
                tr(
                    "No permanent folder is writable here: runs are kept in {place}, which is "
                    "temporary. Set the environment variable `GANLAB_CACHE` to use another.",
                    place=code(place, 200),
                ),
                icon=":material/info:",
            )
    _offer(target)
    errors: list[SpecError] = []
    with left:
        section(tr("Data and recipe"))
        st.radio(
            tr("Recipe"),
            list(RECIPES),
            key=_RECIPE,
            format_func=lambda name: tr(RECIPES[name].title),
            captions=[_about(RECIPES[name]) for name in RECIPES],
            on_change=lambda: atomic(_fill),
            label_visibility="collapsed",
        )
        cells = st.columns([3, 3, 4, 3])
        values = {}
        for cell, param in zip(cells, (EPOCHS, PARAMS["seed"], MEASURE, DEVICE), strict=True):
            with cell:
                values[param.name] = _widget(param, errors)
    box = st.expander(tr("Edit the networks and the game"), key="mnist_edit", on_change="rerun")
    fields = {name: _held(name) for name in _fields()}
    if box.open:
        with box:
            fields |= _edit(target, errors)
    with left:
        _go(target, folder, values, fields, errors)


def _about(recipe: Recipe) -> str:
    cite = f" *{recipe.cite}.*" if recipe.cite else ""
    return f"{tr(recipe.doc)}{cite}"


def _fields() -> list[str]:
    """The names of all fields that the form shows."""
    return [name for name, param in PARAMS.items() if param.owner != _ELSEWHERE]


def _folded(name: str) -> bool:
    """Whether a field is a toggle that no recipe uses."""
    param = PARAMS[name]
    return param.more and all(
        getattr(RECIPES[recipe].spec, name) == param.default for recipe in RECIPES
    )


def _recipe() -> None:
    """The recipe's widget. On the first visit its values fill the other widgets."""
    values = st.session_state.get(_VALUES)
    if _RECIPE not in st.session_state:
        st.session_state[_RECIPE] = values[_RECIPE] if values else next(iter(RECIPES))
    if values is None:
        _fill()


def _fill() -> None:
    """Fill every widget with the recipe's values; keep the seed and the device."""
    recipe = RECIPES[st.session_state[_RECIPE]]
    values = st.session_state.setdefault(_VALUES, {"seed": recipe.spec.seed, "measure": 0})
    values |= {name: getattr(recipe.spec, name) for name in _fields()}
    values |= {_RECIPE: recipe.name, "epochs": None}
    for name in _fields():
        st.session_state.pop(_key(name), None)


def take(plan: Plan) -> None:
    """Fill the form with an earlier plan."""
    spec = plan.spec
    title = recipe_of(spec)
    named = (name for name in RECIPES if recipe_of(RECIPES[name].spec) == title)
    values = {name: getattr(spec, name) for name in (*_fields(), "seed")}
    values |= {name: getattr(plan, name) for name in ("epochs", "measure", "device")}
    values[_RECIPE] = next(named, next(iter(RECIPES)))
    st.session_state[_VALUES] = values
    for name in values:
        st.session_state.pop(_key(name), None)
    st.session_state.pop(_RECIPE, None)


def _offer(target: str) -> None:
    """Fill in the recipe's number of epochs, unless the user typed another number."""
    values = st.session_state[_VALUES]
    offer = RECIPES[values[_RECIPE]].epochs * data.EPOCHS[target]
    if values["epochs"] in (None, values.get(_OFFERED)) and values["epochs"] != offer:
        st.session_state.pop(_key("epochs"), None)
        values["epochs"] = offer
    values[_OFFERED] = offer


def _key(name: str) -> str:
    return f"mnist_of_{name}"


def _held(name: str) -> Any:
    return st.session_state[_VALUES][name]


def _widget(param: Param, errors: list[SpecError]) -> Any:
    """The widget of one value. Returns the value and keeps it."""
    values, key = st.session_state[_VALUES], _key(param.name)
    if key not in st.session_state:
        put(key, param, values.get(param.name, param.default))
    try:
        if param is DEVICE:
            note = tr("{doc} auto: the fastest one available.", doc=param.doc)
            value = st.selectbox(tr(param.title), tuple(param.choices), key=key, help=note)
        else:
            value = held(param, param_widget(param, key, toggle_of(param.name)))
    except SpecError as error:
        errors.append(error)
        say(in_words(error), "warn", alert=True)
        return values.get(param.name, param.default)
    values[param.name] = value
    return value


def _edit(target: str, errors: list[SpecError]) -> dict[str, Any]:
    """Widgets for every field of the Spec that has an effect with this target."""
    values: dict[str, Any] = {}

    def group(column: Any, whose: str, folded: bool) -> None:
        with column:
            for name in _fields():
                param = PARAMS[name]
                there = param.owner == whose and _folded(name) == folded
                if there and param.matters({**st.session_state[_VALUES], "target": target}):
                    values[name] = _widget(param, errors)

    columns = st.columns(len(_GROUPS), gap="medium")
    for column, (title, color, whose) in zip(columns, _GROUPS, strict=True):
        with column:
            section(title, color)
        group(column, whose, folded=False)
    box = st.expander(tr("All other fields"), key="mnist_edit_more", on_change="rerun")
    if box.open:
        with box:
            columns = st.columns(len(_GROUPS), gap="medium")
        for column, (_, _, whose) in zip(columns, _GROUPS, strict=True):
            group(column, whose, folded=True)
    return values


def _go(
    target: str,
    folder: str,
    values: dict[str, Any],
    fields: dict[str, Any],
    errors: list[SpecError],
) -> None:
    """The Spec, its errors if any, and the button that starts training."""
    plan, waits = None, RUNS.waiting_words()
    for error in errors:
        show_error(error, tr("This cannot be trained."))
    if not errors:
        try:
            spec = Spec(target=target, seed=values["seed"], **fields)
            plan = Plan(
                spec,
                epochs=values["epochs"],
                device=values["device"],
                measure=values["measure"],
                data=folder,
            )
        except SpecError as error:
            show_error(error, tr("This cannot be trained."))
    if st.session_state.get(_PRESSED):
        _train(plan, target)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            tr("Train"),
            icon=":material/play_arrow:",
            key="mnist_train",
            type="primary",
            disabled=plan is None or not limit("mnist_runs"),
            # The arguments of a callback date from the last execution of the script, which may be
            # older than what was typed just before the click: read the plan anew.
            on_click=lambda: atomic(lambda: st.session_state.__setitem__(_PRESSED, True)),
        )
        if plan is not None:
            with st.popover(tr("The Spec as JSON"), key="mnist_spec_shown"):
                st.download_button(
                    "spec.json",
                    plan.spec.to_json(),
                    "spec.json",
                    "application/json",
                    key="mnist_spec_now",
                    icon=":material/download:",
                    on_click="ignore",
                )
                st.json(plan.spec.to_dict())
        if busy := RUNS.at_work():
            st.button(
                tr("Show the run of {when}, which is training", when=plain(when(busy[0].name))),
                key="mnist_show_working",
                on_click=RUNS.show,
                args=(busy[0],),
            )
    if waits:
        st.caption(waits)
    if (wrong := st.session_state.pop(_WRONG, None)) is not None:
        show_error(wrong, tr("Training did not start. The form keeps its values."))


def _train(plan: Plan | None, target: str) -> None:
    """Start the planned run and show it; do nothing if there is no plan."""
    folder, wrong = None, None
    try:
        if plan is not None:
            RUNS.room()
            whose = owner()  # the last point where the script can be interrupted: nothing is lost
            data.check(target, plan.data)
            folder = Folder.create(plan, owner=whose)
            QUEUE.start(folder)
    except (SpecError, OSError) as error:
        wrong = error
        if folder is not None:
            shutil.rmtree(folder.path, ignore_errors=True)

    def tell() -> None:
        st.session_state.pop(_PRESSED, None)
        if wrong is not None:
            st.session_state[_WRONG] = wrong
        elif folder is not None:
            RUNS.show(folder)

    atomic(tell)
    if folder is not None and wrong is None:
        st.rerun()
