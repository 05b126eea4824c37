"""The words of lessons: paragraphs with a few marks, as a list that a page can show as text.

    *emphasis*  **strong**  `as on the screen`  \\* is a star

A blank line ends a paragraph. There are no links, no images and no HTML, so another author's lesson
can add nothing but text to a page.
"""

from __future__ import annotations

import re

Spans = list[tuple[str, str]]  # of a paragraph: each style ("", "em", "b", "code") and its text
_MARK = re.compile(
    r"\\(?P<star>\*)|\*\*(?P<b>(?:\\\*|[^*\\])+)\*\*|\*(?P<em>(?:\\\*|[^*\\])+)\*|`(?P<code>[^`]+)`"
)


def paragraphs(text: str) -> list[Spans]:
    """The paragraphs of `text`."""
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
