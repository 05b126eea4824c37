"""The tools of the sidebar for a picture as p_data: a preview, a word, and an image file."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image

from ganlab.languages import tr
from ganlab.own_data import STORE, Data
from ganlab.pictures.ink import LONGEST_WORD, MOST_BYTES, of_image, of_word
from ganlab.registry import Param, SpecError
from ganlab.targets.ink import LEVELS, ink_of
from ganlab.ui.atomic import atomic
from ganlab.ui.plain import plain, say

_TYPES = ["png", "jpg", "jpeg", "webp", "gif"]
_HEIGHT = 64  # pixels of the preview
_WIDEST = 200


def picture_editor(param: Param, use: Callable[[str], None], key: str) -> None:
    """Draw the tools below the widget `key`, which chooses a picture.

    use(name): called with the name of new data.
    """
    _preview(st.session_state.get(key, param.default))
    word, image = f"word_{key}", f"image_{key}"

    def take_word() -> None:
        text = st.session_state[word]
        if text.strip():
            _take(use, word, lambda: of_word(text), image)
        else:
            st.session_state.pop(f"why_{word}", None)

    def take_image() -> None:
        sent = st.session_state[image]
        if sent is not None:
            _take(use, image, lambda: of_image(sent.getvalue(), sent.name), word)

    st.text_input(
        tr("a word"),
        key=word,
        max_chars=LONGEST_WORD,
        placeholder=tr("GAN"),
        on_change=lambda: atomic(take_word),
        help=tr("Its letters become ink. Press Enter to use it."),
    )
    _wrong(word)
    st.file_uploader(
        tr("an image: its dark parts"),
        type=_TYPES,
        max_upload_size=MOST_BYTES // 10**6,
        key=image,
        on_change=lambda: atomic(take_image),
        help=tr(
            "What differs from the shade at its edge becomes ink: dark figures on a "
            "light background, light ones on a dark one, and figures on a transparent "
            "one. It is made smaller, to about 64 × 64 pixels."
        ),
    )
    _wrong(image)


def _take(use: Callable[[str], None], tool: str, make: Callable[[], Data], other: str) -> None:
    """Use a picture, and clear the other tool's error; or keep the error of this one."""
    try:
        name, why = STORE.put(make()), ""
    except SpecError as error:
        what = plain(error.value) or "this"
        name, why = (
            "",
            tr("Not used: {what}; it must be {allowed}.", what=what, allowed=error.allowed),
        )

    def put() -> None:
        st.session_state[f"why_{tool}"] = why
        if name:
            st.session_state.pop(f"why_{other}", None)
            use(name)

    atomic(put)


def _wrong(tool: str) -> None:
    if why := st.session_state.get(f"why_{tool}"):
        say(why, "warn", alert=True)


def _preview(value: str) -> None:
    try:
        ink = ink_of(value)
    except SpecError:
        return  # the field says that it is not here
    shades = np.repeat(255 - (ink.astype(int) * 255 // LEVELS)[..., None], 3, -1).astype(np.uint8)
    rows, columns = ink.shape
    height = min(_HEIGHT, max(1, round(_WIDEST * rows / columns)))
    size = max(1, round(height * columns / rows)), height
    shown = Image.fromarray(shades).resize(size, Image.Resampling.BILINEAR)
    out = io.BytesIO()
    shown.save(out, "PNG")
    source = base64.b64encode(out.getvalue()).decode()
    # st.image has no text for those who do not see it.
    st.html(f"<img alt='the chosen picture' src='data:image/png;base64,{source}'>")
