"""The sidebar's tools for a user's own picture: the fields they set, and their messages."""

import io
from types import SimpleNamespace

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from ganlab.pictures import ink
from ganlab.targets.ink import ink_of
from ganlab.ui import own_picture


def page() -> None:
    import streamlit as st

    from ganlab.registry import Param
    from ganlab.ui import own_picture

    def use(name: str) -> None:
        st.session_state["chosen"] = name

    own_picture.picture_editor(Param("p", "p", "heart"), use, "chosen")


def test_a_word_becomes_the_picture_and_a_bad_one_is_said_beside_it(monkeypatch):
    monkeypatch.setattr(ink, "_OTHERS", ())
    app = AppTest.from_function(page).run()
    assert not app.exception
    app.text_input[0].set_value("GAN").run()
    rows, columns = ink_of(app.session_state["chosen"]).shape
    assert columns > 2 * rows
    app.text_input[0].set_value("一").run()
    assert "it must be letters of fonts that this server has" in app.main.children[2].body
    assert ink_of(app.session_state["chosen"]).shape == (rows, columns), "it stays"
    app.text_input[0].set_value("GAN").run()
    assert not any("Not used" in getattr(one, "body", "") for one in app.main.children.values())


def test_an_image_becomes_the_picture(monkeypatch):
    image = Image.new("L", (30, 20), 255)
    image.paste(0, (5, 5, 25, 15))
    out = io.BytesIO()
    image.save(out, "PNG")
    state = {"own": SimpleNamespace(getvalue=out.getvalue, name="a box.png")}
    monkeypatch.setattr(st, "session_state", state)
    sent = state["own"]
    make = lambda: own_picture.of_image(sent.getvalue(), sent.name)  # noqa: E731
    own_picture._take(lambda name: state.update(chosen=name), "own", make, "word")
    assert state["why_own"] == "" and np.array_equal(ink_of(state["chosen"]), np.full((10, 20), 15))
