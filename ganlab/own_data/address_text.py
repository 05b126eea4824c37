"""Small data as the text of the field `own` of an address."""

from __future__ import annotations

import base64
import binascii
import zlib
from functools import lru_cache

from ganlab.languages import _
from ganlab.own_data.data import Data
from ganlab.own_data.store import STORE
from ganlab.registry import SpecError

FIELD = "own"
LONGEST = 2_000  # characters of the text
_MOST = 100_000  # bytes of data that so short a text may stand for
_ALLOWED = _("the data that this field of an address holds: it was cut off or changed")


def to_text(name: str) -> str | None:
    """The text for data that are here, by their name; None if they are too large, or not here."""
    return None if STORE.get(name) is None else _text(name)


@lru_cache(maxsize=256)
def _text(name: str) -> str | None:
    data = STORE.get(name)
    if data is None or data.nbytes > _MOST:
        return None
    text = base64.urlsafe_b64encode(zlib.compress(data.encode(), 9)).decode().rstrip("=")
    return text if len(text) <= LONGEST else None


def from_text(text: str) -> Data:
    """The inverse of `to_text`. Raises `SpecError`; a short text cannot take much memory."""
    if len(text) > LONGEST:
        raise SpecError(FIELD, text, _("at most {longest:,} characters", longest=LONGEST))
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpack = zlib.decompressobj()
        content = unpack.decompress(packed, _MOST)
    except (binascii.Error, ValueError, zlib.error):
        raise SpecError(FIELD, text, _ALLOWED) from None
    if not unpack.eof or unpack.unused_data:
        raise SpecError(FIELD, text, _ALLOWED)
    try:
        return Data.decode(content)
    except SpecError as error:
        raise SpecError(FIELD, text, error.allowed) from None
