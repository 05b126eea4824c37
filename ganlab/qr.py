"""QR codes of addresses: for a terminal, and as SVG for pages. Nothing is asked of other hosts."""

from __future__ import annotations

import io

import segno

_BORDER = 4  # quiet modules around a code: ISO/IEC 18004, 6.3.8
# Black on white whatever the colours of the terminal are: some phones read no inverted code.
_COLOURS, _NORMAL = "\x1b[30;107m", "\x1b[0m"
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")


def terminal(text: str) -> str:
    """A code as lines of text, two modules above each other in a character."""
    rows = [list(map(int, row)) for row in _code(text).matrix_iter(border=_BORDER)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        cells = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        lines.append(f"{_COLOURS}{cells}{_NORMAL}")
    return "\n".join(lines)


def svg(text: str) -> str:
    """A code as an SVG element, black on white, which scales with its container."""
    out = io.BytesIO()
    _code(text).save(
        out, kind="svg", border=_BORDER, light="white", xmldecl=False, svgns=True, omitsize=True
    )
    return out.getvalue().decode().strip()
