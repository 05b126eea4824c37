"""A step that Streamlit interrupts is completed; then the interruptions are obeyed."""

import pytest
import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from ganlab.ui.atomic import atomic, heard


def clicked(*buttons: str, query: str = "") -> RerunException:
    """The interruption by clicks on these buttons."""
    widgets = WidgetStates()
    for button in buttons:
        widgets.widgets.add(id=button, trigger_value=True)
    return RerunException(RerunData(query_string=query, widget_states=widgets))


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_step_interrupted_is_done_and_every_click_obeyed(times):
    pending, state = [clicked(f"b{n}", query=str(n)) for n in range(times)], {}

    def step():
        state["a"] = 1
        if pending:
            raise pending.pop(0)
        state["b"] = 2

    if times:
        with pytest.raises(RerunException) as raised:
            atomic(step)
        made = raised.value.rerun_data
        assert made.query_string == str(times - 1)
        assert {w.id for w in made.widget_states.widgets} == {f"b{n}" for n in range(times)}
    else:
        atomic(step)
    assert state == {"a": 1, "b": 2} and not pending


def test_another_exception_ends_it():
    with pytest.raises(ValueError, match="^no$"):
        atomic(lambda: (_ for _ in ()).throw(ValueError("no")))


@pytest.mark.parametrize("times", [0, 1, 2])
def test_what_a_component_said_is_heeded_once_even_if_it_is_interrupted(times, monkeypatch):
    pending, heeded = [clicked("b") for _ in range(times)], []

    class State(dict):
        def get(self, key):
            if pending:
                raise pending.pop()
            return super().get(key)

    monkeypatch.setattr(st, "session_state", State(view={"act": {"name": "k"}, "open": None}))
    call = heard("view", "act", heeded.append)
    if times:
        with pytest.raises(RerunException):
            call()
    else:
        call()
    assert heeded == [{"name": "k"}]
    heard("view", "open", heeded.append)()
    heard("gone", "act", heeded.append)()
    assert len(heeded) == 1
