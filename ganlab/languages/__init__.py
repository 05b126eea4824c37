"""The languages of the pages: English, in which all texts are written, and Chinese.

`_` marks a text, and `tr` shows one in the reader's language; see docs/languages.md.
"""

from ganlab.languages.catalogue import (
    CHINESE,
    ENGLISH,
    LANGUAGES,
    TAGS,
    nearest,
    of_front_end,
    place_of,
    translated,
)
from ganlab.languages.message import (
    Message,
    Spoken,
    _,
    askers,
    capital,
    into,
    joined,
    language,
    listed,
    reader,
    speaking,
    tr,
)

__all__ = [
    "CHINESE",
    "ENGLISH",
    "LANGUAGES",
    "TAGS",
    "Message",
    "Spoken",
    "_",
    "askers",
    "capital",
    "into",
    "joined",
    "language",
    "listed",
    "nearest",
    "of_front_end",
    "place_of",
    "reader",
    "speaking",
    "tr",
    "translated",
]
