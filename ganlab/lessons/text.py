"""The words of lessons: paragraphs with a few marks, as a list that a page can show as text.

    *emphasis*  **strong**  `as on the screen`  \\* is a star

A blank line ends a paragraph. There are no links, no images and no HTML, so another author's lesson
can add nothing but text to a page.
"""

from __future__ import annotations

import re

from ganlab.languages import Spoken, into

Spans = list[tuple[str, str]]  # of a paragraph: each style ("", "em", "b", "code") and its text
_MARK = re.compile(
    r"\\(?P<star>\*)|\*\*(?P<b>(?:\\\*|[^*\\])+)\*\*|\*(?P<em>(?:\\\*|[^*\\])+)\*|`(?P<code>[^`]+)`"
)


class Paragraphs(list[Spans], Spoken):
    """Paragraphs that can be made again of their text in another language."""

    def __init__(self, text: str):
        super().__init__(_paragraphs(text))
        self._text = text

    def into(self, language: str) -> list[Spans]:
        """The paragraphs in `language`."""
        return _paragraphs(into(language, self._text))


def paragraphs(text: str) -> list[Spans]:
    """The paragraphs of `text`, which may be a Message."""
    return Paragraphs(text)


def _paragraphs(text: str) -> list[Spans]:
    return [_spans(" ".join(part.split())) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _spans(line: str) -> Spans:
    out: Spans = []
    at = 0
    for mark in _MARK.finditer(line):
        if mark.start() > at:
            out.append(("", line[at : mark.start()]))
        style = mark.lastgroup or ""
        words = mark[style].replace("\\*", "*")
        out.append(("" if style == "star" else style, words))
        at = mark.end()
    if at < len(line):
        out.append(("", line[at:]))
    return out


def plain(text: str) -> str:
    """`text` without marks, its paragraphs one after the other."""
    return " ".join("".join(words for _, words in spans) for spans in paragraphs(text))
