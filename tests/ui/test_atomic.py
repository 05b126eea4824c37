"""A step that Streamlit interrupts is completed; then the interruption is obeyed."""

import pytest
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from ganlab.ui.atomic import atomic


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_step_interrupted_is_done_and_the_last_request_obeyed(times):
    requests = [RerunException(RerunData(query_string=str(n))) for n in range(times)]
    pending, state = list(requests), {}

    def step():
        state["a"] = 1
        if pending:
            raise pending.pop(0)
        state["b"] = 2

    if times:
        with pytest.raises(RerunException) as raised:
            atomic(step)
        assert raised.value is requests[-1]
    else:
        atomic(step)
    assert state == {"a": 1, "b": 2} and not pending


def test_another_exception_ends_it():
    with pytest.raises(ValueError, match="^no$"):
        atomic(lambda: (_ for _ in ()).throw(ValueError("no")))
