"""Hostile .ganlab files, made from a good one.

`python tests/record/hostile.py 10000` makes that many files, and counts the results of loading
them.
"""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import sys
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from ganlab import Recording, Run, RunFile, Spec, SpecError

SPEC = Spec(target="ring", latent_dim=2, g_hidden=(4,), d_hidden=(4,), batch=8)
_NAMES = (
    "../run.json",
    "/etc/passwd",
    "a" * 200,
    "run.json",
    "curves.npy",
    "states_1.npy",
    "x.pkl",
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2,
    3.5,
    10**13,
    10**400,
    1e308,
    "",
    "x",
    "NaN",
    "<b>",
    "\n",
    "é" * 999,
    [],
    {},
    [[]],
    {"a": 1},
    [0] * 500,
    "9" * 5000,
    {"cls": "os.system"},
)


def good() -> bytes:
    """A file of a run with changes, updates by hand, keyframes, curves and notes."""
    run = Run(SPEC)
    Recording(run)
    run.make(60), run.change(k=2, loss="hinge"), run.make(40), run.update("G"), run.make(20)
    rows = {"iteration": np.arange(9.0), "jsd": np.linspace(0.6, 0.1, 9), "modes": np.ones(9)}
    notes = [{"at": 5, "iteration": 2, "text": "here"}]
    marks = [{"iteration": 30, "text": "k 1→2"}]
    return written(RunFile.of(run, curves=rows, ghost=rows, notes=notes, marks=marks))


def written(file: RunFile) -> bytes:
    """The content of a file."""
    out = io.BytesIO()
    file.write(out)
    return out.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    """The members of a file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    """A file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def array(values: np.ndarray, pickled: bool = False) -> bytes:
    """The content of an .npy file."""
    out = io.BytesIO()
    np.save(out, values, allow_pickle=pickled)
    return out.getvalue()


# -- ways to damage a file: functions of its content and a random generator ------------


def flipped(content: bytes, r: random.Random) -> bytes:
    """Some of its bits are flipped."""
    data = bytearray(content)
    for _ in range(r.choice((1, 1, 1, 5, 50))):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def flipped_at_the_ends(content: bytes, r: random.Random) -> bytes:
    """Some bytes of the zip's own records are changed."""
    data, tail = bytearray(content), len(content) - content.index(b"PK\x01\x02")
    for _ in range(r.choice((1, 2, 4))):
        at = len(data) - 1 - r.randrange(tail) if r.random() < 0.8 else r.randrange(40)
        data[at] = r.choice((0, 255, r.randrange(256)))
    return bytes(data)


def cut(content: bytes, r: random.Random) -> bytes:
    """Its end, its start or another part is missing."""
    a, b = sorted(r.randrange(len(content)) for _ in range(2))
    return r.choice((content[:a], content[a:], content[:a] + content[b:]))


def longer(content: bytes, r: random.Random) -> bytes:
    """It has additional bytes inside, before or after it."""
    at = r.choice((0, len(content), r.randrange(len(content))))
    more = r.choice((b"\0" * 100, b"PK\x05\x06" + b"\0" * 18, content, r.randbytes(1000)))
    return content[:at] + more + content[at:]


def foreign(content: bytes, r: random.Random) -> bytes:
    """It is a file of another kind."""
    return r.choice(
        (b"", b"{}", r.randbytes(r.randrange(3000)), b"\x89PNG\r\n", packed({"a.txt": b"hello"}))
    )


def other_members(content: bytes, r: random.Random) -> bytes:
    """A member is missing, added, replaced or renamed."""
    parts = members(content)
    name = r.choice(list(parts))
    what = r.randrange(5)
    if what == 0:
        del parts[name]
    elif what == 1:
        parts[r.choice(_NAMES)] = parts[name]
    elif what == 2:
        parts[name] = parts[r.choice(list(parts))]
    elif what == 3:
        parts[name] = r.randbytes(r.randrange(2000))
    else:
        parts |= {f"states_{i}.npy": parts["states_0.npy"] for i in range(r.choice((2, 70)))}
    return packed(parts)


def twice(content: bytes, r: random.Random) -> bytes:
    """It contains a member twice."""
    out, name = io.BytesIO(content), r.choice(list(members(content)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(name, members(content)[name])
    return out.getvalue()


def bomb(content: bytes, r: random.Random) -> bytes:
    """It is compressed, or claims more than it has."""
    parts = members(content)
    what = r.randrange(4)
    if what == 0:
        parts["states_0.npy"] = bytes(3 * 10**6)
        return packed(parts, zipfile.ZIP_DEFLATED)
    if what == 1:
        return packed(parts, r.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)))
    data = bytearray(packed(parts))
    at = data.index(b"PK\x01\x02")
    if what == 2:
        struct.pack_into("<II", data, at + 20, 2**32 - 2, 2**32 - 2)
    else:
        struct.pack_into("<H", data, data.rindex(b"PK\x05\x06") + 10, r.choice((0, 1, 9, 65535)))
    return bytes(data)


def other_arrays(content: bytes, r: random.Random) -> bytes:
    """An array has another shape or type, or numbers that are not allowed."""
    parts = members(content)
    name = r.choice([n for n in parts if n.endswith(".npy")])
    now = np.load(io.BytesIO(parts[name]))
    bad = now.copy().ravel()
    if len(bad):
        bad[r.randrange(len(bad))] = r.choice((np.nan, np.inf, -np.inf, -1, 1e30))
    choices = [
        now.astype(np.float64 if now.dtype == np.float32 else np.float32),
        now.astype(now.dtype.newbyteorder(">")),
        now[: len(now) // 2],
        now[None],
        np.concatenate([now, now]),
        np.asfortranarray(now[::-1]),
        bad.reshape(now.shape),
        np.zeros((0, 10**9), np.float32),
        np.array(3.0),
        np.array([{"a": 1}], object),
        np.zeros(3, [("a", "f4"), ("b", "O")]),
        np.array("text"),
    ]
    parts[name] = array(r.choice(choices), pickled=True)
    if r.random() < 0.2:
        raw = bytearray(parts[name])
        for _ in range(3):
            raw[r.randrange(min(len(raw), 128))] = r.randrange(256)
        parts[name] = bytes(raw)
    return packed(parts)


def other_header(content: bytes, r: random.Random) -> bytes:
    """A value of its header is changed, missing or added."""
    parts = members(content)
    header = json.loads(parts["run.json"])
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        places: list[tuple[Any, Any]] = []
        _walk(header, places)
        where, key = r.choice(places)
        what = r.randrange(8)
        if what == 0:
            del where[key]
        elif what == 1 and isinstance(where, dict):
            where[r.choice(("x", "__class__", "seed"))] = copy.deepcopy(r.choice(_VALUES))
        elif what == 2 and isinstance(where, list):
            where.append(copy.deepcopy(r.choice(_VALUES)))
        elif what == 3 and type(where[key]) is int:
            where[key] += r.choice((-1, 1, 7, 1000))
        elif what == 4 and isinstance(where[key], str):
            where[key] += r.choice(("0", ":", ",", "1:k:2", ",300:k:2", "G"))
        else:
            where[key] = copy.deepcopy(r.choice(_VALUES))
    text = json.dumps(header)
    return packed(parts | {"run.json": text.encode()})


def _walk(value: Any, places: list[tuple[Any, Any]]) -> None:
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        places.append((value, key))
        if isinstance(value[key], (dict, list)):
            _walk(value[key], places)


def other_text(content: bytes, r: random.Random) -> bytes:
    """Its header is not JSON or not text, or is far too deep, long or large."""
    parts = members(content)
    text = parts["run.json"]
    at = r.randrange(len(text))
    wide = {"g_hidden": [4096] * 8, "d_hidden": [4096] * 8, "batch": 10**6, "unroll": 50}
    header = json.loads(text)
    header["runs"][0]["start"] = r.choice(([wide], [wide] * 1000, [{}] * 5000))
    parts["run.json"] = r.choice(
        (
            text[:at],
            text[:at] + bytes([r.randrange(256)]) + text[at + 1 :],
            text.replace(b"60", b"NaN").replace(b"5", b"Infinity"),
            b"[" * 100_000,
            b'{"a":' * 50_000,
            text.decode().encode("utf-16"),
            b"\xff\xfe" + text,
            text[:-1] + b', "ganlab": 3}',
            b" " * 4_100_000 + text,
            json.dumps(header).encode(),
            text.replace(b'"events": "', b'"events": "' + b"1:k:2,1:k:3," * 20_000),
            text.replace(b'"ganlab": 3', b'"ganlab": 4'),
        )
    )
    return packed(parts)


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped,
    flipped_at_the_ends,
    cut,
    longer,
    foreign,
    other_members,
    twice,
    bomb,
    other_arrays,
    other_header,
    other_header,
    other_header,
    other_text,
)


def fate(content: bytes, original: bytes) -> str:
    """ "refused", "the same run" or "another valid run"; other exceptions propagate."""
    try:
        file = RunFile.load(io.BytesIO(content), "a.ganlab")
    except SpecError as error:
        if len(str(error)) > 2000:
            raise AssertionError(str(error)[:300]) from None
        return "refused"
    if written(file) == original:
        return "the same run"
    for run in file.runs:  # it is as good as any other
        run.make(2)
        run.at(run.updates - min(2, run.updates))
    RunFile.load(io.BytesIO(written(file)), "b.ganlab")
    return "another valid run"


def main(count: int) -> None:
    """Make and load `count` hostile files; print the results, and the most memory and time."""
    content, r, fates = good(), random.Random(0), Counter[str]()
    slowest, largest = (0.0, ""), (0, "")
    begun = time.perf_counter()
    for i in range(count):
        way = WAYS[i % len(WAYS)]
        made = way(content, r)
        traced = i % 10 == 0  # which makes it slower
        if traced:
            tracemalloc.start()
        start = time.perf_counter()
        fates[f"{way.__name__}: {fate(made, content)}"] += 1
        if traced:
            largest = max(largest, (tracemalloc.get_traced_memory()[1] - len(made), way.__name__))
            tracemalloc.stop()
        else:
            slowest = max(slowest, (time.perf_counter() - start, way.__name__))
    for words, number in sorted(fates.items()):
        print(f"{number:6} {words}")
    print(f"{count} files in {time.perf_counter() - begun:.0f} s")
    print(f"slowest {slowest[0]:.2f} s ({slowest[1]}); most memory {largest[0] / 1e6:.1f} MB more "
          f"than the file ({largest[1]})")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))
