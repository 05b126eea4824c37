"""The lines of an exported script that draw p_data: `data(n, dim, random)` for each target.

The numbers are those of `Target.sample`, bit for bit. Each function takes the parameters of the
target. A target that is a finite set of points is a tensor `POINTS` instead.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

from ganlab.export.own_lines import function, function_2d, kernels
from ganlab.targets import make_target
from ganlab.targets.checkerboard import Checkerboard
from ganlab.targets.drawn import Curve
from ganlab.targets.one_d import Uniform
from ganlab.targets.symbols import Symbols

Numbers = tuple[float, ...]


def _mixture(centers: str, count: int, std: float | Numbers, weights: Numbers) -> str:
    if not isinstance(std, float) and len(set(std)) == 1:
        std = std[0]
    if count == 1:
        return f"""\
{centers}

def data(n, dim, random):
    torch.rand(n, generator=random)  # it would choose among several modes
    return torch.randn(n, dim, generator=random) * {std} + CENTERS
"""
    bounds = f"torch.arange(1, {count}) / {count}"
    if weights:
        shares = f"SHARES = torch.tensor({list(weights)}, dtype=torch.float64)\n"
        centers += f"\n{shares}SHARES = (SHARES / SHARES.sum()).cumsum(0)"
        bounds = "SHARES[:-1].float()"
    width = str(std)
    if not isinstance(std, float):
        centers, width = f"{centers}\nWIDTHS = torch.tensor({list(std)})[:, None]", "WIDTHS[mode]"
    return f"""\
{centers}

def data(n, dim, random):
    mode = torch.bucketize(torch.rand(n, generator=random), {bounds}, right=True)
    return torch.randn(n, dim, generator=random) * {width} + CENTERS[mode]
"""


def _gaussian(mean: float, std: float) -> str:
    return _mixture(f"CENTERS = torch.tensor([[{mean}]])", 1, std, ())


def _gaussians(count: int, spacing: float, std: float, weights: Numbers) -> str:
    middle = (count - 1) / 2
    centers = f"CENTERS = torch.tensor([[(i - {middle}) * {spacing}] for i in range({count})])"
    return _mixture(centers, count, std, weights)


def _two_gaussians(separation: float, std: float, weights: Numbers) -> str:
    return _gaussians(2, separation, std, weights)


def _chosen(means: Numbers, stds: Numbers, weights: Numbers) -> str:
    centers = f"CENTERS = torch.tensor({list(means)})[:, None]"
    return _mixture(centers, len(means), stds, weights)


def _chosen_2d(means: Numbers, stds: Numbers, weights: Numbers) -> str:
    centers = f"CENTERS = torch.tensor({list(means)}).view(-1, 2)"
    return _mixture(centers, len(means) // 2, stds, weights)


def _uniform(center: float, width: float) -> str:
    target = make_target("uniform", {"center": center, "width": width})
    assert isinstance(target, Uniform)
    low, high, inside = target.ends
    return f"""\
def data(n, dim, random):
    return (torch.rand(n, dim, generator=random) * {high - low} + {low}).clamp{inside}
"""


def _laplace(mean: float, scale: float) -> str:
    return f"""\
def data(n, dim, random):
    v = torch.rand(n, dim, generator=random) * 2 - (1 - 2**-24)  # in (-1, 1), never 0
    return torch.copysign((-v.abs()).log1p() * {-scale}, v) + {mean}
"""


def _cauchy(location: float, scale: float) -> str:
    return f"""\
def data(n, dim, random):
    angle = (torch.rand(n, dim, generator=random) - 0.5) * math.pi
    return angle.tan() * {scale} + {location}
"""


def _ring(count: int, radius: float, std: float, weights: Numbers) -> str:
    centers = f"""\
ANGLES = [2 * math.pi * i / {count} for i in range({count})]
CENTERS = torch.tensor([[{radius} * math.cos(a), {radius} * math.sin(a)] for a in ANGLES])"""
    return _mixture(centers, count, std, weights)


def _grid(side: int, spacing: float, std: float, weights: Numbers) -> str:
    centers = f"""\
AXIS = [(i - {(side - 1) / 2}) * {spacing} for i in range({side})]
CENTERS = torch.tensor([[x, y] for x in AXIS for y in AXIS])"""
    return _mixture(centers, side * side, std, weights)


def _two_gaussians_2d(separation: float, std: float, weights: Numbers) -> str:
    half = separation / 2
    centers = f"CENTERS = torch.tensor([[{-half}, 0.0], [{half}, 0.0]])"
    return _mixture(centers, 2, std, weights)


def _gaussian_2d(mean_x: float, mean_y: float, var_x: float, var_y: float, cov: float) -> str:
    return f"""\
SLOPE = {cov} / {var_x}
REST = math.sqrt({var_y} - {cov} * SLOPE)  # the standard deviation of y, given x
FACTOR = torch.tensor([[math.sqrt({var_x}), SLOPE * math.sqrt({var_x})], [0.0, REST]])

def data(n, dim, random):
    x = torch.randn(n, dim, generator=random).matmul(FACTOR)
    return x + torch.tensor([[{mean_x}, {mean_y}]])
"""


def _checkerboard(squares: int, width: float) -> str:
    target = make_target("checkerboard", {"squares": squares, "width": width})
    assert isinstance(target, Checkerboard)
    # Nine digits determine a float32.
    shown = [", ".join(f"{edge:.9g}" for edge in side) for side in target.sides]
    return f"""\
LOW = torch.tensor([{shown[0]}])  # edges of squares, left and right
HIGH = torch.tensor([{shown[1]}])
SQUARES = [(i, j) for i in range({squares}) for j in range({squares}) if (i + j) % 2 == 0]

def data(n, dim, random):
    square = torch.tensor(SQUARES)[torch.randint(len(SQUARES), (n,), generator=random)]
    x = torch.rand(n, dim, generator=random) * {width / squares} + LOW[square]
    return torch.minimum(x, HIGH[square])
"""


def _curve(pieces: str, std: float) -> str:
    return f"""\
ENDS = torch.linspace(0, 1, 8193, dtype=torch.float64)
{pieces}
FROM, STEP = PIECES[:, :-1].reshape(-1, 2).float(), PIECES.diff(dim=1).reshape(-1, 2).float()

def data(n, dim, random):
    place = torch.rand(n, generator=random, dtype=torch.float64) * len(FROM)  # along the curve
    x, piece = torch.randn(n, dim, generator=random) * {std}, place.int()
    return x.addcmul(STEP[piece], (place - piece).float()[:, None]) + FROM[piece]
"""


def _spiral(turns: float, radius: float, std: float) -> str:
    pieces = f"""\
END = 2 * math.pi * {turns}

def arc(theta):
    return (theta * (1 + theta**2).sqrt() + theta.asinh()) / 2

LENGTH = arc(torch.tensor(END, dtype=torch.float64))
THETA = (2 * LENGTH * ENDS).sqrt()
for _ in range(12):  # Newton's method: equal steps along the spiral
    THETA = THETA - (arc(THETA) - LENGTH * ENDS) / (1 + THETA**2).sqrt()
PIECES = {radius} / END * torch.stack([THETA * THETA.cos(), THETA * THETA.sin()], 1)[None]"""
    return _curve(pieces, std)


def _moons(radius: float, std: float) -> str:
    pieces = f"""\
ANGLE = math.pi * ENDS
UPPER = {radius} * torch.stack([ANGLE.cos() - 0.5, ANGLE.sin() - 0.25], 1)
PIECES = torch.stack([UPPER, -UPPER])"""
    return _curve(pieces, std)


def _line(length: float, angle: float, std: float) -> str:
    pieces = f"""\
ALONG = [[math.cos(math.radians({angle})), math.sin(math.radians({angle}))]]
ALONG = torch.tensor(ALONG, dtype=torch.float64)
PIECES = ({length} * (ENDS[:, None] - 0.5) * ALONG)[None]"""
    return _curve(pieces, std)


def _circle(radius: float, std: float) -> str:
    pieces = f"""\
ANGLE = 2 * math.pi * ENDS
PIECES = {radius} * torch.stack([ANGLE.cos(), ANGLE.sin()], 1)[None]"""
    return _curve(pieces, std)


def _rings(radius: float, apart: float, std: float) -> str:
    pieces = f"""\
ANGLE = 2 * math.pi * ENDS
X, Y = {radius} * ANGLE.cos(), {radius} * ANGLE.sin()
PIECES = torch.stack([torch.stack([c + X, Y], 1) for c in ({-apart / 2}, {apart / 2})])"""
    return _curve(pieces, std)


def _swiss_roll(radius: float, std: float) -> str:
    pieces = f"""\
T = 1.5 * math.pi * (1 + 2 * ENDS)
PIECES = {radius} / (4.5 * math.pi) * torch.stack([T * T.cos(), T * T.sin()], 1)[None]"""
    return _curve(pieces, std)


def _parabola(width: float, height: float, std: float) -> str:
    pieces = f"""\
X = {width} * (ENDS - 0.5)
PIECES = torch.stack([X, {height} * (X / {width / 2}) ** 2], 1)[None]"""
    return _curve(pieces, std)


def _sine(width: float, height: float, waves: float, std: float) -> str:
    pieces = f"""\
X = {width} * (ENDS - 0.5)
PIECES = torch.stack([X, {height} * (2 * math.pi * {waves} / {width} * X).sin()], 1)[None]"""
    return _curve(pieces, std)


def _drawn(heights: tuple[int, ...], center: float, width: float) -> str:
    target = make_target("drawn", {"heights": heights, "center": center, "width": width})
    assert isinstance(target, Curve)
    low, pieces = center - width / 2, len(heights) - 1
    numbers = _wrapped("HEIGHTS", heights)
    return f"""\
{numbers}
STEP = {width / pieces}  # between two heights
P = HEIGHTS / ((HEIGHTS[1:] + HEIGHTS[:-1]).sum() * STEP / 2)
MASSES = (P[1:] + P[:-1]) * STEP / 2
BELOW = torch.cat([torch.zeros(1, dtype=torch.float64), MASSES.cumsum(0)])
USED = MASSES.nonzero()

def data(n, dim, random):
    u = torch.rand(n, generator=random, dtype=torch.float64) * BELOW[-1]
    piece = (torch.searchsorted(BELOW, u) - 1).clamp(USED[0], USED[-1])
    mass, start = (u - BELOW[piece]) / STEP, P[piece]
    root = (start**2 + 2 * (P[piece + 1] - start) * mass).clamp(min=0).sqrt()
    t = (2 * mass / (start + root).clamp(min=1e-300)).clamp(0, 1)  # the place in its piece
    return ((piece + t) * STEP + {low}).float().clamp{target.ends}[:, None]
"""


def _lines(items: Iterable[object]) -> str:
    """The items of a list, in lines that are not long."""
    text = ", ".join(map(str, items))
    return textwrap.fill(text, 90, initial_indent="    ", subsequent_indent="    ")


def _wrapped(name: str, numbers: Iterable[float]) -> str:
    """A tensor of numbers as float64, in lines that are not long."""
    return f"{name} = torch.tensor([\n{_lines(numbers)},\n], dtype=torch.float64)"


def _points(points: Numbers) -> str:
    return f"POINTS = torch.tensor({list(points)})[:, None]\n"


def _points_2d(points: Numbers) -> str:
    return f"POINTS = torch.tensor({list(zip(points[::2], points[1::2], strict=True))})\n"


def _categorical(symbols: int, zipf: float, weights: Numbers) -> str:
    shares = f"SHARES = torch.arange(1, {symbols + 1}, dtype=torch.float64) ** -{zipf}"
    if weights:
        shares = _wrapped("SHARES", weights)
    return f"""\
{shares}
BOUNDS = (SHARES / SHARES.sum()).cumsum(0)[:-1]

def data(n, dim, random):
    u = torch.rand(n, generator=random, dtype=torch.float64)
    return torch.eye({symbols})[torch.bucketize(u, BOUNDS, right=True)]
"""


def _strings(grammar: str, size: int) -> str:
    target = make_target("strings", {"grammar": grammar, "size": size})
    assert isinstance(target, Symbols)
    all_strings = zip(target.strings, target.valid, strict=True)
    words = _lines(f'"{text}"' for text, valid in all_strings if valid)
    return f"""\
LETTERS = "{target.alphabet}"
WORDS = [
{words}
]
PLACES = torch.tensor([[LETTERS.index(letter) for letter in word] for word in WORDS])

def data(n, dim, random):
    u = torch.rand(n, generator=random, dtype=torch.float64)
    return torch.eye(len(LETTERS))[PLACES].flatten(1)[(u * len(WORDS)).long()]
"""


TARGETS: dict[str, Callable[..., str]] = {
    "gaussian": _gaussian,
    "two_gaussians": _two_gaussians,
    "gaussians": _gaussians,
    "uniform": _uniform,
    "laplace": _laplace,
    "cauchy": _cauchy,
    "gaussian_2d": _gaussian_2d,
    "ring": _ring,
    "grid": _grid,
    "two_gaussians_2d": _two_gaussians_2d,
    "checkerboard": _checkerboard,
    "spiral": _spiral,
    "moons": _moons,
    "line": _line,
    "mixture": _chosen,
    "mixture_2d": _chosen_2d,
    "circle": _circle,
    "rings": _rings,
    "swiss_roll": _swiss_roll,
    "parabola": _parabola,
    "sine": _sine,
    "drawn": _drawn,
    "function": function,
    "function_2d": function_2d,
    "picture": kernels("picture"),
    "own_points": kernels("own_points"),
    "own_points_2d": kernels("own_points_2d"),
    "points": _points,
    "points_2d": _points_2d,
    "categorical": _categorical,
    "strings": _strings,
}
