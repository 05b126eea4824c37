"""The 2-D targets compared with closed forms, adaptive quadrature and plain loops."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.integrate import quad

from ganlab.targets import TARGETS, make_target

PLANE = [name for name in TARGETS if TARGETS[name].dim == 2]
rng = np.random.default_rng(0)


def near_the_data(target, n=40):
    x = target.sample(n, torch.Generator().manual_seed(11)).double().numpy()
    return x + 0.05 * np.random.default_rng(1).normal(size=x.shape)


MIXTURES = [
    (
        "ring",
        {"count": 3, "radius": 1.5, "std": 0.2, "weights": (1, 1, 2)},
        [(1.5, 0), (-0.75, 0.75 * math.sqrt(3)), (-0.75, -0.75 * math.sqrt(3))],
        [0.25, 0.25, 0.5],
    ),
    (
        "grid",
        {"side": 2, "spacing": 3, "std": 0.4, "weights": (1, 2, 3, 4)},
        [(-1.5, -1.5), (-1.5, 1.5), (1.5, -1.5), (1.5, 1.5)],
        [0.1, 0.2, 0.3, 0.4],
    ),
    (
        "two_gaussians_2d",
        {"separation": 2, "std": 0.3, "weights": (1, 4)},
        [(-1, 0), (1, 0)],
        [0.2, 0.8],
    ),
]


@pytest.mark.parametrize(("name", "params", "centers", "weights"), MIXTURES)
def test_mixtures_agree_with_scipy(name, params, centers, weights):
    target = make_target(name, params)
    np.testing.assert_allclose(target.modes.centers, centers, atol=1e-14)
    np.testing.assert_allclose(target.modes.std, params["std"])
    x = rng.uniform(-3, 3, size=(7, 9, 2))
    covariance = params["std"] ** 2 * np.eye(2)
    p = sum(
        w * stats.multivariate_normal(c, covariance).pdf(x)
        for c, w in zip(centers, weights, strict=True)
    )
    np.testing.assert_allclose(target.log_density(x), np.log(p), rtol=1e-10)
    xe, ye = np.array([-2.0, 0.1, 1.0, 2.5]), np.array([-1.0, 0.3, 4.0])
    masses = target.cell_masses(xe, ye)
    assert masses.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            loop = 0.0
            for (cx, cy), w in zip(centers, weights, strict=True):
                along_x = np.diff(stats.norm.cdf(xe[i : i + 2], cx, params["std"]))[0]
                along_y = np.diff(stats.norm.cdf(ye[j : j + 2], cy, params["std"]))[0]
                loop += w * along_x * along_y
            np.testing.assert_allclose(masses[i, j], loop, rtol=1e-9)


def test_default_ring_and_grid():
    ring = make_target("ring").modes.centers
    assert ring.shape == (8, 2)
    np.testing.assert_allclose(ring[[0, 2, 4]], [(2, 0), (0, 2), (-2, 0)], atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), 2)
    grid = make_target("grid").modes.centers
    assert sorted(map(tuple, grid.tolist())) == [
        (float(x), float(y)) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    ]


def test_nothing_but_weights_decides_the_mode():
    """Two targets that differ in std use the same modes and the same noise."""
    narrow, wide = make_target("ring", {"std": 0.05}), make_target("ring", {"std": 0.1})
    a = narrow.sample(500, torch.Generator().manual_seed(2)).double().numpy()
    b = wide.sample(500, torch.Generator().manual_seed(2)).double().numpy()
    nearest = np.linalg.norm(a[:, None] - narrow.modes.centers, axis=2).argmin(axis=1)
    centers = narrow.modes.centers[nearest]
    np.testing.assert_allclose((b - centers), 2 * (a - centers), atol=2e-6)


def line_density(x, length, angle, std):
    """Uniform plus noise along the line, noise across it: in closed form."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along, across = x @ np.array([c, s]), x @ np.array([-s, c])
    inside = stats.norm.cdf((along + length / 2) / std) - stats.norm.cdf((along - length / 2) / std)
    return np.log(inside / length) + stats.norm.logpdf(across, 0, std)


@pytest.mark.parametrize(
    "params",
    [
        {"length": 4.0, "angle": 45.0, "std": 0.05},
        {"length": 1.0, "angle": 170.0, "std": 0.5},
        {"length": 10.0, "angle": 0.0, "std": 0.02},
    ],
)
def test_line_agrees_with_its_closed_form(params):
    target = make_target("line", params)
    x = near_the_data(target, 400)
    # The closed form itself loses precision beyond the ends.
    direction = np.array([math.cos(a := math.radians(params["angle"])), math.sin(a)])
    x = x[np.abs(x @ direction) < params["length"] / 2 + 4 * params["std"]]
    assert len(x) > 300
    np.testing.assert_allclose(target.log_density(x), line_density(x, **params), atol=1e-6)


def test_line_far_off_its_end():
    target = make_target("line", {"length": 4.0, "angle": 0.0, "std": 0.1})
    x = np.stack([np.linspace(2, 7, 51), np.zeros(51)], axis=1)
    # Upper tails do not cancel; the far end contributes nothing.
    exact = stats.norm.logsf((x[:, 0] - 2) / 0.1) - math.log(4) + stats.norm.logpdf(0, 0, 0.1)
    np.testing.assert_allclose(target.log_density(x)[:7], exact[:7], atol=1e-6)
    np.testing.assert_allclose(target.log_density(x), exact, rtol=1e-3)


def test_line_along_x_has_the_masses_of_a_blurred_interval():
    length, std = 3.0, 0.2
    target = make_target("line", {"length": length, "angle": 0.0, "std": std})
    xe, ye = np.linspace(-2.5, 2.5, 12), np.linspace(-1, 1, 8)

    def antiderivative(t):  # of the normal distribution function
        return std * (t / std * stats.norm.cdf(t / std) + stats.norm.pdf(t / std))

    cdf = (antiderivative(xe + length / 2) - antiderivative(xe - length / 2)) / length
    exact = np.outer(np.diff(cdf), np.diff(stats.norm.cdf(ye / std)))
    np.testing.assert_allclose(target.cell_masses(xe, ye), exact, atol=1e-9)


def along(curve, speed, start, end, std, x):
    """The density of a blurred curve by adaptive quadrature over any parameter."""
    length = quad(speed, start, end, epsabs=1e-13)[0]

    def integrand(t):
        offset = (x - curve(t)) / std
        return math.exp(-0.5 * offset @ offset) * speed(t) / (2 * math.pi * std**2 * length)

    pieces = np.linspace(start, end, 40)
    return sum(quad(integrand, a, b)[0] for a, b in zip(pieces[:-1], pieces[1:], strict=True))


@pytest.mark.parametrize(
    "params",
    [
        {"turns": 2.0, "radius": 2.0, "std": 0.05},
        {"turns": 4.0, "radius": 0.5, "std": 0.1},
        {"turns": 0.5, "radius": 3.0, "std": 0.4},
    ],
)
def test_spiral_agrees_with_quadrature_over_the_angle(params):
    target = make_target("spiral", params)
    last = 2 * math.pi * params["turns"]
    a = params["radius"] / last
    for x in near_the_data(target, 12):
        exact = along(
            lambda t: a * t * np.array([math.cos(t), math.sin(t)]),
            lambda t: a * math.sqrt(1 + t * t),
            0,
            last,
            params["std"],
            x,
        )
        np.testing.assert_allclose(np.exp(target.log_density(x)), exact, rtol=1e-6)


def test_moons_agree_with_quadrature_and_are_symmetric():
    target = make_target("moons", {"radius": 2.0, "std": 0.15})
    for x in near_the_data(target, 12):
        both = [
            along(
                lambda t, s=sign: (
                    s * np.array([2 * math.cos(t), 2 * math.sin(t)]) - s * np.array([1, 0.5])
                ),
                lambda t: 2.0,
                0,
                math.pi,
                0.15,
                x,
            )
            for sign in (1, -1)
        ]
        np.testing.assert_allclose(np.exp(target.log_density(x)), sum(both) / 2, rtol=1e-6)
        np.testing.assert_allclose(target.log_density(x), target.log_density(-x), rtol=1e-9)


def test_samples_of_a_line_spread_by_the_noise_across_it_and_evenly_along_it():
    target = make_target("line", {"angle": 90.0, "std": 0.02})
    x = target.sample(50_000, torch.Generator().manual_seed(0)).double().numpy()
    # The relative error of the std of 50,000 draws is 1 in 316: five of these on each side.
    assert abs(x[:, 0].std() / 0.02 - 1) < 5 / math.sqrt(2 * 50_000)
    assert stats.kstest(x[np.abs(x[:, 1]) < 1.9, 1], stats.uniform(-1.9, 3.8).cdf).pvalue > 1e-4


def test_samples_without_noise_lie_on_the_curve(monkeypatch):
    fractions = torch.linspace(0, 1, 997, dtype=torch.float64)[:-1]
    monkeypatch.setattr(torch, "rand", lambda n, generator, dtype: fractions.clone())
    monkeypatch.setattr(torch, "randn", lambda *shape, generator: torch.zeros(shape))
    t = fractions.numpy()
    line = make_target("line", {"angle": 0.0}).sample(996, torch.Generator()).numpy()
    np.testing.assert_allclose(line[:, 0], 4 * (t - 0.5), atol=1e-6)
    x, y = make_target("moons").sample(996, torch.Generator()).double().numpy().T
    upper = t < 0.5
    sign = np.where(upper, 1, -1)
    angle = 2 * math.pi * np.where(upper, t, t - 0.5)
    np.testing.assert_allclose(x, sign * (np.cos(angle) - 0.5), atol=1e-6)
    np.testing.assert_allclose(y, sign * (np.sin(angle) - 0.25), atol=1e-6)
    x, y = make_target("spiral").sample(996, torch.Generator()).double().numpy().T
    radius = np.hypot(x, y)
    theta = 2 * math.pi * radius  # two turns to radius 2
    np.testing.assert_allclose(x, radius * np.cos(theta), atol=1e-4)
    np.testing.assert_allclose(y, radius * np.sin(theta), atol=1e-4)
    arc = theta * np.sqrt(1 + theta**2) + np.arcsinh(theta)
    last = 4 * math.pi
    total = last * math.sqrt(1 + last**2) + math.asinh(last)
    np.testing.assert_allclose(arc / total, t, atol=1e-4)


@pytest.mark.parametrize(("squares", "filled"), [(2, 2), (3, 5), (4, 8), (7, 25)])
def test_checkerboard_agrees_with_a_loop_over_its_squares(squares, filled):
    target = make_target("checkerboard", {"squares": squares, "width": 3.0})
    side = 3.0 / squares
    edges = -1.5 + side * np.arange(squares + 1)
    masses = target.cell_masses(edges, edges)
    for i in range(squares):
        for j in range(squares):
            middle = np.array([edges[i] + side / 2, edges[j] + side / 2])
            on = (i + j) % 2 == 0
            assert masses[i, j] == pytest.approx(on / filled, abs=1e-12)
            expected = -math.log(filled * side**2) if on else -math.inf
            assert target.log_density(middle) == pytest.approx(expected, abs=1e-12)
    outside = np.array([[-1.51, -1.51], [1.51, 1.51], [0, 9], [np.inf, 0]])
    assert np.all(np.isneginf(target.log_density(outside)))
    # A cell across the corner of four squares holds half of full ones.
    e = np.array([edges[1] - side / 4, edges[1] + side / 4])
    assert target.cell_masses(e, e)[0, 0] == pytest.approx(0.5 / filled / 4, abs=1e-12)


@pytest.mark.parametrize(("squares", "width"), [(4, 4.0), (7, 3.3), (10, 9.1)])
def test_checkerboard_samples_never_leave_the_support(squares, width, monkeypatch):
    target = make_target("checkerboard", {"squares": squares, "width": width})
    x = target.sample(200_000, torch.Generator().manual_seed(0)).numpy()
    assert np.all(np.isfinite(target.log_density(x)))
    # The ends of torch.rand's range, which random draws hardly ever reach.
    for end in (0.0, 1 - 2**-24):
        monkeypatch.setattr(torch, "rand", lambda *s, generator, end=end: torch.full(s, end))
        x = target.sample(1000, torch.Generator().manual_seed(0)).numpy()
        assert np.all(np.isfinite(target.log_density(x)))


def test_log_densities_far_away():
    for name in PLANE:
        if name in ("checkerboard", "points_2d", "function_2d", "picture") or name.startswith(
            "own_"
        ):
            continue
        values = make_target(name).log_density(np.array([[30.0, -40.0], [np.inf, 0.0]]))
        assert -1e7 < values[0] < -1e3 and np.isneginf(values[1])


def test_boxes():
    others = ("gaussian_2d", "mixture_2d", "parabola", "picture")
    centred = [n for n in PLANE if n not in others and not n.startswith("own_")]
    halves = {name: make_target(name).box[0, 1] for name in centred}
    assert halves == {
        "ring": 2.5,
        "grid": 5.0,
        "two_gaussians_2d": 4.0,
        "spiral": 2.5,
        "moons": 2.0,
        "checkerboard": 2.5,
        "line": 2.5,
        "points_2d": 1.4,
        "circle": 2.0,
        "rings": 2.0,
        "swiss_roll": 2.5,
        "sine": 4.0,
        "function_2d": 3.0,
    }
    for name in centred:
        box = make_target(name).box
        np.testing.assert_array_equal(box, [[-box[0, 1], box[0, 1]]] * 2)
