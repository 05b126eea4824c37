"""Images and words as ink: what counts as background, and what cannot be used."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ganlab.pictures import ink
from ganlab.registry import SpecError

SIZE = 300, 200
DISC = 60, 40, 160, 140


def coded(image: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def disc(mode: str, back, front) -> Image.Image:
    image = Image.new(mode, SIZE, back)
    ImageDraw.Draw(image).ellipse(DISC, fill=front)
    return image


KINDS = {
    "dark on light": disc("RGB", "white", "navy"),
    "light on dark": disc("RGB", "black", "yellow"),
    "grey on grey": disc("L", 200, 120),
    "dark on transparent": disc("RGBA", (255, 255, 255, 0), (0, 0, 0, 255)),
    "light on transparent": disc("RGBA", (0, 0, 0, 0), (255, 255, 255, 255)),
    "palette": disc("RGB", "white", "red").quantize(4),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_disc_is_a_disc_of_ink_whatever_its_background(kind):
    data = ink.of_image(coded(KINDS[kind]), "a disc.png")
    found = data.arrays["ink"]
    assert data.texts["title"] == "a disc.png" and found.shape == (64, 64), "cut to the figure"
    y, x = np.indices(found.shape) - 31.5
    r = np.hypot(x, y)
    assert (found[r < 30] == 15).all() and (found[r > 34] == 0).all()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_other_files_say_the_same(kind):
    png, other = (ink.of_image(coded(KINDS["dark on light"], k), "x") for k in ("PNG", kind))
    apart = png.arrays["ink"].astype(int) - other.arrays["ink"]
    assert png.arrays["ink"].shape == other.arrays["ink"].shape and np.abs(apart).mean() < 0.3


def test_shades_stay_and_so_does_the_aspect():
    image = Image.new("L", (400, 120), 255)
    image.paste(0, (20, 20, 200, 100))
    image.paste(128, (200, 20, 380, 100))
    found = ink.of_image(coded(image), "x").arrays["ink"]
    rows, columns = found.shape
    assert abs(columns / rows - 360 / 80) < 0.15 and rows * columns <= 64 * 64 * 1.02
    assert (found[2:-2, 2:60] == 15).all() and np.isin(found[2:-2, -60:-2], (7, 8)).all()


def test_a_line_of_ten_thousand_pixels_is_a_line():
    image = Image.new("L", (1, 10_000), 255)
    image.paste(0, (0, 2000, 1, 7000))
    found = ink.of_image(coded(image), "x").arrays["ink"]
    assert found.shape == (128, 1) and found[2:-2].min() == 15


def dotted() -> Image.Image:
    image = Image.new("L", (200, 200), 255)
    image.putpixel((90, 90), 0)
    return image


class Bomb(Exception):
    pass


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (coded(Image.new("RGB", (20, 20), "white")), "darker than its background"),
        (coded(Image.new("RGBA", (20, 20), (0, 0, 0, 0))), "darker than its background"),
        (coded(dotted()), "a figure of at least 3 pixels"),
        (coded(Image.new("1", (9000, 9000))), "at most 24 million pixels"),
        (coded(Image.new("1", (30_000, 30_000))), "at most 24 million pixels"),
        (coded(KINDS["palette"])[:200], "an image that is complete"),
        (b"", "PNG, JPEG, WebP or GIF"),
        (b"%PDF-1.7" * 9, "PNG, JPEG, WebP or GIF"),
        (bytes(ink.MOST_BYTES + 1), "at most 10 MB"),
    ],
    ids=["blank", "transparent", "dot", "large", "bomb", "cut off", "empty", "a PDF", "long"],
)
def test_what_is_no_figure_is_refused_in_words(content, why):
    with pytest.raises(SpecError, match=why):
        ink.of_image(content, "x.png")


def test_pixels_are_not_decoded_before_their_number_is_known(monkeypatch):
    def load(self):
        raise Bomb

    content = coded(Image.new("1", (9000, 9000)))
    monkeypatch.setattr(Image.Image, "load", load)
    with pytest.raises(SpecError, match="24 million"):
        ink.of_image(content, "x.png")


def test_a_word_is_its_letters_side_by_side():
    one, two, three = (ink.of_word(word).arrays["ink"] for word in ("i", " i  i ", "iiiiii"))
    assert [max(a.shape) <= 128 and a.size <= 64 * 64 * 1.05 for a in (one, two, three)] == [
        True
    ] * 3

    def strokes(a: np.ndarray) -> int:
        """Runs of columns with much ink in the lower half."""
        on = a[a.shape[0] // 2 :].mean(0) > 7
        return int((np.diff(np.append(0, on.astype(int))) == 1).sum())

    assert [strokes(a) for a in (one, two, three)] == [1, 2, 6]
    assert ink.of_word("GAN").texts["title"] == "“GAN”"


@pytest.mark.parametrize("word", ["", "   ", "x" * 25])
def test_no_word_and_a_long_one_are_refused(word):
    with pytest.raises(SpecError, match="1 to 24 letters"):
        ink.of_word(word)


def test_letters_that_no_font_has_are_named(monkeypatch):
    monkeypatch.setattr(ink, "_OTHERS", ())
    with pytest.raises(SpecError, match="it has none with 数据"):
        ink.of_word("a 数据")
