"""QR codes, read by an independent decoder (ZXing)."""

import re

import numpy as np
import pytest
import zxingcpp

from ganlab import qr

ADDRESSES = [
    "http://192.168.1.20:8501/",
    "https://lab.example.org/lab/two?k=5",
]
_ROWS = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}  # 1: white


def read(white: np.ndarray) -> str:
    """The text of a code in modules, with eight pixels for each."""
    (found,) = zxingcpp.read_barcodes(np.kron(255 * white, np.ones((8, 8))).astype(np.uint8))
    return found.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_code_in_a_terminal_is_read(address):
    lines = qr.terminal(address).splitlines()
    assert all(re.fullmatch("\x1b\\[30;107m[ ▀▄█]+\x1b\\[0m", line) for line in lines)
    pairs = [[_ROWS[one] for one in re.sub("\x1b\\[[0-9;]*m", "", line)] for line in lines]
    assert read(np.concatenate([np.array(row).T for row in pairs])) == address
    assert len(lines) <= 30  # fits beside other words


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_code_as_svg_is_read(address):
    text = qr.svg(address)
    assert text.startswith("<svg") and "script" not in text
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', text)[1])
    white, x, y = np.ones((size, size)), 0, 0.0
    # Each row of dark modules is a run of horizontal lines of width 1: "m", relative, and "h".
    for kind, numbers in re.findall(
        r"([Mmh])([-\d. ]+)", re.search(r'stroke="#000" d="(.*?)"', text)[1]
    ):
        if kind == "h":
            white[int(y), x : x + int(numbers)] = 0
            x += int(numbers)
        else:
            dx, dy = map(float, numbers.split())
            x, y = (int(dx), dy) if kind == "M" else (x + int(dx), y + dy)
    assert read(white) == address
