"""The frames of a page in few bytes: rounded to visible differences, and stored as differences."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ganlab.live.wire import encode

Message = tuple[dict[str, Any], dict[str, np.ndarray]]
_Key = tuple[str, tuple[int, ...]]  # name and shape of an array

_MISSING = -32768  # the code of NaN
_MOST = 32767
# Steps in the width of a picture, a third of a pixel or less.
_PLANE_STEPS, _LINE_STEPS = 2048, 8192
_PEAK_STEPS = 2048  # steps in p_data's highest density, of p_g's densities
_UNIT_STEPS = 4096  # steps of D from 0 to 1
# Axes of differences to try: of numbers, of points, and of D's field in the plane.
_WAYS = {"numbers": ((0,), (0, -1)), "points": ((0,), (0, -2)), "field": ((0,), (-1, -2))}
_LEAST_POINTS = 200  # generated points that a picture keeps
_NEARLY = 0.97  # of the room: sizes are not quite proportional to counts
_POINTS, _MESH = "fake", "manifold"


class _Coded:
    """One array of all frames that have it: codes, (frames, *shape).

    Values are low + step · code; low has one number, or one for each coordinate. step None: codes
    are the values.
    """

    def __init__(self, name: str, low: list[float], step: float | None):
        self.name, self.low, self.step = name, low, step
        self.frames: list[int] = []
        self._parts: list[np.ndarray] = []
        self.codes: np.ndarray = np.empty(0, np.int16)

    def add(self, frame: int, values: np.ndarray) -> None:
        """Add the array of one frame."""
        self.frames.append(frame)
        if self.step is None:
            self._parts.append(values)
            return
        with np.errstate(invalid="ignore", over="ignore"):
            codes = np.rint((values - np.array(self.low)) / self.step).clip(-_MOST, _MOST)
        known = np.isfinite(values)
        self._parts.append(np.where(known, codes, _MISSING).astype(np.int16))

    def close(self) -> None:
        """All frames are there."""
        self._become(np.stack(self._parts))
        self._parts = []

    @cached_property
    def best(self) -> tuple[list[int], bytes, int]:
        """The axes along which differences are taken, these differences, and their packed size.

        In the order that packs best; the size is a little more than that in a file.
        """
        codes = self.codes
        if codes.dtype.kind == "f":
            made: list[tuple[list[int], bytes]] = [([], codes.astype(np.float32).tobytes())]
        else:
            points = codes.ndim > 2 and codes.shape[-1] == 2
            ways = _WAYS["field" if codes.dtype == np.uint8 else "points" if points else "numbers"]
            made = [(list(way), _bytes(_differences(codes, way))) for way in ways]
        sized = [(axes, content, len(zlib.compress(content, 1))) for axes, content in made]
        return min(sized, key=lambda one: one[2])

    @property
    def size(self) -> int:
        """About its bytes in a file."""
        return self.best[2]

    def _become(self, codes: np.ndarray) -> None:
        self.codes = codes
        self.__dict__.pop("best", None)

    def keep(self, index: tuple[np.ndarray | slice, ...]) -> None:
        """Keep a part of each frame's array."""
        self._become(self.codes[(slice(None), *index)])

    def every_second(self, frames: Sequence[int]) -> None:
        """Keep these frames, and number them from 0."""
        place = {frame: i for i, frame in enumerate(frames)}
        have = [i for i, frame in enumerate(self.frames) if frame in place]
        self._become(self.codes[have])
        self.frames = [place[self.frames[i]] for i in have]


def _differences(codes: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    for axis in axes:  # modulo 2^16 or 2^8, so that sums return the codes
        first = np.take(codes, [0], axis)
        codes = np.concatenate([first, np.diff(codes, axis=axis)], axis)
    return codes


def _bytes(codes: np.ndarray) -> bytes:
    """uint8 as they are; int16 with the sign in the last bit, then all low and all high bytes."""
    if codes.dtype == np.uint8:
        return codes.tobytes()
    wide = codes.astype(np.int32)
    zigzag = ((wide << 1) ^ (wide >> 31)).astype(np.uint16)
    return (zigzag & 255).astype(np.uint8).tobytes() + (zigzag >> 8).astype(np.uint8).tobytes()


class Tape:
    """Frames as a page stores them. scene: their scene, which says how large a pixel is."""

    def __init__(self, scene: Message):
        self._scene = scene
        self._headers: list[dict[str, Any]] = []
        self._coded: dict[_Key, _Coded] = {}

    def __len__(self) -> int:
        return len(self._headers)

    def add(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray], at: int) -> None:
        """Add a frame: a header, arrays of any shapes, and its place on the timeline."""
        frame = len(self._headers)
        self._headers.append(header | {"at": at})
        for name, array in arrays.items():
            key = name, array.shape
            if key not in self._coded:
                self._coded[key] = _Coded(name, *self._scale(name, array))
            self._coded[key].add(frame, array)

    def _scale(self, name: str, array: np.ndarray) -> tuple[list[float], float | None]:
        """low and step of an array: see `_Coded`."""
        header, scene = self._scene
        name, _, run = name.partition(".")
        own = header["runs"][int(run)] if run else header
        if not np.issubdtype(array.dtype, np.floating):
            return [0.0], None
        box = np.array(own["box"])
        width, middle = float((box[:, 1] - box[:, 0]).max()), box.mean(1).tolist()
        plane = len(box) == 2
        if name == "grad":
            return [0.0], width / (_PLANE_STEPS if plane else _LINE_STEPS)
        if plane and array.shape[-1:] == (2,):
            return middle, width / _PLANE_STEPS
        if name in ("grad_x", "map_x", "fake", "cycle_from", "cycle_to"):
            return middle, width / _LINE_STEPS
        if name in ("p_g", "p_g_labels", "average"):
            p_data = scene[f"p_data.{run}" if run else "p_data"]
            return [0.0], max(float(p_data.max()), 1e-9) / _PEAK_STEPS
        if name in ("d", "d_star"):
            return [0.0], 1 / _UNIT_STEPS
        return [0.0], None  # such as the shares of modes, which are read as numbers

    def close(self, most: float) -> None:
        """All frames are there: make them fit, see `fit`."""
        for one in self._coded.values():
            one.close()
        self.fit(most)

    def fit(self, most: float) -> None:
        """Leave out points, and then frames, until the arrays fit `most` bytes in a file."""
        sizes = {key: one.size for key, one in self._coded.items()}
        for key in [key for key in sizes if key[0].startswith(_MESH)]:
            if sum(sizes.values()) > most:
                self._thin_mesh(self._coded[key])
                sizes[key] = self._coded[key].size
        points = [key for key in sizes if key[0].startswith(_POINTS)]
        while sum(sizes.values()) > most and self._thin_points(points, sizes, most):
            sizes |= {key: self._coded[key].size for key in points}
        while self.size > most and len(self) > 2:
            kept = [*range(0, len(self) - 1, 2), len(self) - 1]
            self._headers = [self._headers[i] for i in kept]
            for one in self._coded.values():
                one.every_second(kept)

    def _thin_points(self, points: Sequence[_Key], sizes: Mapping[_Key, int], most: float) -> bool:
        """Leave out as many points as it takes to fit; returns whether there were some left."""
        theirs = sum(sizes[key] for key in points)
        share = max(0.0, _NEARLY * (most - (sum(sizes.values()) - theirs)) / max(1, theirs))
        less = False
        for key in points:
            have = self._coded[key].codes.shape[1]
            count = min(have, max(_LEAST_POINTS, int(share * have)))
            less = less or count < have
            self._coded[key].keep((slice(count),))
        return less

    @staticmethod
    def _thin_mesh(coded: _Coded) -> None:
        _, *axes, _ = coded.codes.shape
        kept = [np.linspace(0, n - 1, (n + 1) // 2).round().astype(int) for n in axes]
        if len(axes) == 3:  # a mesh for each label
            kept[0] = np.arange(axes[0])
        coded.keep(np.ix_(*kept))

    @property
    def size(self) -> int:
        """About the bytes of its arrays in a file."""
        return sum(one.size for one in self._coded.values())

    def pack(self, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
        """The frames with a header and further arrays of any shapes: one message of the wire.

        It is compressed by gzip. assets/live/tape.js reads it.
        """
        coded, packed = [], dict(arrays)
        for number, one in enumerate(self._coded.values()):
            if not one.frames:
                continue
            axes, content, _ = one.best
            dtype = np.float32 if one.codes.dtype.kind == "f" else np.uint8
            packed[f"coded.{number}"] = np.frombuffer(content, dtype)
            shape = one.codes.shape
            about = {
                "array": f"coded.{number}",
                "name": one.name,
                "kind": {"i": "i2", "u": "u1", "f": "f4"}[one.codes.dtype.kind],
                "shape": list(shape),
                "axes": [axis % len(shape) for axis in axes],
                "low": one.low,
                "step": one.step,
            }
            if one.frames != list(range(len(self))):
                about["frames"] = one.frames
            coded.append(about)
        whole = header | {"type": "tape", "frames": self._headers, "coded": coded}
        return gzip.compress(encode(whole, packed), 6, mtime=0)
