"""Images and words of users as ink: the data of the target “drawing or image”.

An image is decoded once, within bounds on its bytes and pixels. What is as bright as its edge is
background; what is darker (or brighter, if the background is dark) is ink, in shades.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from ganlab.languages import _
from ganlab.own_data import Data
from ganlab.pictures.lettering import font
from ganlab.registry import SpecError
from ganlab.targets.ink import LEVELS, MOST, SIZE, Ink, picture

Shades = NDArray[np.float64]

MOST_BYTES = 10_000_000
MOST_PIXELS = 24_000_000  # of an image: decoded, they take 96 MB
LONGEST_WORD = 24
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_WORKING = 512  # pixels of the longer side, from which ink is found
_CONTRAST = 0.08  # the least difference between ink and background
_NOISE = 0.12  # the share of the darkest ink that counts as background
_LEAST = 3  # pixels of a figure's longer side
_TYPE = 200  # size of a word's letters, in pixels, before it is made smaller
_LONGEST_TITLE = 40
# Fonts that systems have, for letters that the page's own font lacks.
_OTHERS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
    "PingFang.ttc",
    "Arial Unicode.ttf",
)
_NO_LETTER = "\U0010fffe"  # no font has it: it is drawn as the sign for a missing letter

_decoding = threading.Lock()  # one image at a time: each may take hundreds of megabytes


def of_image(content: bytes, name: str) -> Data:
    """The ink of an image file called `name`.

    Raises `SpecError` for what is no such image, damaged, too large, or all background.
    """
    allowed = _(
        "an image (PNG, JPEG, WebP or GIF) of at most {most} MB",
        most=f"{MOST_BYTES / 1e6:g}",
    )
    if len(content) > MOST_BYTES:
        raise SpecError("image", f"{len(content) / 1e6:.1f} MB", allowed)
    with _decoding:
        try:
            # The size is read from the header, before any pixel is decoded.
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise _too_large(f"{width:,} × {height:,} pixels")
            image.draft("RGB", (2 * _WORKING, 2 * _WORKING))  # JPEG is decoded smaller
            shades = _shades(image)
        except SpecError:
            raise
        except Image.DecompressionBombError:
            raise _too_large("a much larger one") from None
        except UnidentifiedImageError:
            raise SpecError("image", name, allowed) from None
        except Exception:  # decoders raise errors of many types for damaged files
            raise SpecError(
                "image", name, _("an image that is complete: this is damaged")
            ) from None
    return picture(fitted(shades), _title(name))


def _too_large(what: str) -> SpecError:
    allowed = _(
        "at most {most} million pixels: make it smaller",
        most=f"{MOST_PIXELS / 1e6:g}",
    )
    return SpecError("image", what, allowed)


def _title(name: str) -> str:
    shown = "".join(c for c in name if c.isprintable()).strip()
    return shown[-_LONGEST_TITLE:] or "your image"


def _shades(image: Image.Image) -> Shades:
    """The ink (rows, columns) of an image, from 0 to 1."""
    # Premultiplied, as the colour of a transparent pixel must not be mixed with others'.
    image = image.convert("RGBA").convert("RGBa") if _has_alpha(image) else image.convert("RGB")
    image.thumbnail((_WORKING, _WORKING), Image.Resampling.BOX)
    rgba = np.asarray(ImageOps.exif_transpose(image.convert("RGBA")), np.float64) / 255
    alpha, light = rgba[..., 3], rgba[..., :3] @ [0.2126, 0.7152, 0.0722]
    edge = np.ones(alpha.shape, bool)
    edge[1:-1, 1:-1] = False
    if np.mean(alpha[edge]) < 0.5:
        ink = _on_transparent(alpha, light)
    else:
        ground = float(np.median(light[edge]))
        darker = light - ground if ground < 0.5 else ground - light
        ink = alpha * np.clip(darker, 0, None)
    top = float(ink.max())
    if top < _CONTRAST:
        raise SpecError(
            "image",
            "all of one shade",
            _("a figure that is darker than its background, or lighter than a dark one"),
        )
    # A few very dark pixels do not decide what is dark.
    top = max(float(np.quantile(ink[ink > _NOISE * top], 0.9)), top / 2)
    ink = np.clip(ink / top, 0, 1)
    return np.where(ink < _NOISE, 0.0, ink)


def _has_alpha(image: Image.Image) -> bool:
    return "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La")


def _on_transparent(alpha: Shades, light: Shades) -> Shades:
    """The ink of a figure on a transparent background: its dark parts, or all if it is light."""
    seen = light[alpha > 0.5]
    if seen.size == 0 or np.quantile(seen, 0.1) > 0.5:
        return alpha  # a light figure, or a faint one
    return alpha * (1 - light)


def of_word(text: str) -> Data:
    """A word as ink. Raises `SpecError` for none, a long one, and letters that no font here has."""
    word = " ".join(text.split())
    if not word or len(word) > LONGEST_WORD or not word.isprintable():
        raise SpecError("word", text, _("1 to {most} letters", most=LONGEST_WORD))
    for made in _fonts():
        if not _missing(made, word):
            break
    else:
        lacking = "".join(dict.fromkeys(_missing(next(_fonts()), word)))
        allowed = _(
            "letters of fonts that this server has; it has none with {lacking}", lacking=lacking
        )
        raise SpecError("word", word, allowed)
    left, top, right, bottom = made.getbbox(word)
    size = math.ceil(right - left) + 2, math.ceil(bottom - top) + 2
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((1 - left, 1 - top), word, 255, made)
    return picture(fitted(np.asarray(image, np.float64) / 255), f"“{word}”")


def _fonts() -> Iterator[ImageFont.FreeTypeFont]:
    """The page's own font, and those of the system that are there."""
    for made in (font("600", _TYPE), *map(_of_system, _OTHERS)):
        if isinstance(made, ImageFont.FreeTypeFont):
            yield made


@lru_cache(maxsize=len(_OTHERS))
def _of_system(name: str) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(name, _TYPE)
    except OSError:
        return None


def _missing(made: ImageFont.FreeTypeFont, word: str) -> list[str]:
    """The letters that a font lacks."""
    none = bytes(made.getmask(_NO_LETTER))
    return [c for c in word if not c.isspace() and bytes(made.getmask(c)) == none]


def fitted(shades: Shades) -> Ink:
    """Shades (rows, columns) from 0 to 1 as ink, without margins, of at most SIZE² pixels.

    The aspect is kept, and neither side is longer than `MOST`. Raises `SpecError` for blank ones
    and for a dot.
    """
    rows, columns = (np.flatnonzero(shades.any(axis)) for axis in (1, 0))
    if not len(rows):
        raise SpecError("picture", "blank", _("a picture with something dark in it"))
    cut = shades[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = cut.shape
    if max(height, width) < _LEAST:
        raise SpecError(
            "image",
            "a dot",
            _("a figure of at least {least} pixels in one direction", least=_LEAST),
        )
    scale = min(1.0, SIZE / math.sqrt(height * width), MOST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(cut.astype(np.float32)).resize(size, Image.Resampling.BOX)
    ink = np.rint(np.clip(np.asarray(small, np.float64), 0, 1) * LEVELS).astype(np.uint8)
    if not ink.any():  # thin lines on much paper
        ink = np.rint(np.asarray(small) / np.asarray(small).max() * LEVELS).astype(np.uint8)
    return ink
