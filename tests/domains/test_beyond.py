"""The parts of p_g beyond the axes, compared with closed forms and plain loops."""

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.domains import LINE, PLANE

BOX1, BOX2 = np.array([[-1.0, 2.0]]), np.array([[-1.0, 2.0], [-1.0, 2.0]])


def test_a_uniform_density_beyond_either_side():
    # x = 8 u - 3 for u uniform on [0, 1]: 2/8 below -1 with mean -2, 3/8 above 2 with mean 3.5.
    for ends in (np.linspace(-3, 5, 65), np.linspace(5, -3, 7)):
        mass = np.full(len(ends) - 1, 1 / (len(ends) - 1))
        (rows,) = LINE.beyond(ends[None, :, None], BOX1, mass)
        np.testing.assert_allclose(rows, [[2 / 8, -2], [3 / 8, 3.5]], rtol=1e-12)


def test_intervals_count_by_their_mass():
    (rows,) = LINE.beyond(
        np.array([-4.0, -2, 0, 3])[None, :, None], BOX1, np.array([0.5, 0.3, 0.2])
    )
    left = 0.5 + 0.15, (0.5 * -3 + 0.15 * -1.5) / 0.65
    np.testing.assert_allclose(rows, [left, (0.2 / 3, 2.5)], rtol=1e-12)


def test_atoms_are_beyond_or_not():
    (rows,) = LINE.beyond(
        np.array([-3.0, -3, 0, 0, 7, 7, 7])[None, :, None], BOX1, np.full(6, 1 / 6)
    )
    # Six intervals: an atom at -3, one from -3 to 0, one at 0, one from 0 to 7, two at 7.
    left = (1 + 2 / 3) / 6, (-3 * 1 + -2 * 2 / 3) / (1 + 2 / 3)
    right = (2 + 5 / 7) / 6, (7 * 2 + 4.5 * 5 / 7) / (2 + 5 / 7)
    np.testing.assert_allclose(rows, [left, right], rtol=1e-12)


@pytest.mark.parametrize("dim", [1, 2])
def test_samples_are_counted_as_a_loop_counts_them(dim):
    x = np.random.default_rng(dim).normal(0.5, 2, (400, dim))
    box, domain = ((BOX1, LINE), (BOX2, PLANE))[dim - 1]
    found = {name: [] for name in domain.sides}
    for point in x:
        over = [(box[a, 0] - point[a], 2 * a) for a in range(dim)]
        over += [(point[a] - box[a, 1], 2 * a + 1) for a in range(dim)]
        most, side = max(over)
        if most > 0:
            found[domain.sides[side]].append(point)
    (rows,) = domain.beyond(x[None], box)
    for row, points in zip(rows, found.values(), strict=True):
        np.testing.assert_allclose(row, [len(points) / 400, *np.mean(points, 0)], rtol=1e-12)


def test_nothing_is_beyond_where_all_is_inside():
    assert not PLANE.beyond(np.zeros((2, 5, 2)), BOX2).any()
    assert not LINE.beyond(np.zeros((2, 5, 1)), BOX1, np.full(4, 0.25)).any()


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_a_picture_has_what_its_outer_cells_hold(latent_dim):
    run = Run(Spec(init_gain=4, latent_dim=latent_dim))
    shot = run.snapshot(measure=False)
    shares = shot.picture["beyond"][0, :, 0]
    assert shares.max() > 0.05
    inside = shot.picture["p_g"][0].sum() * shot.probes[0].cell
    assert shares.sum() == pytest.approx(1 - inside, abs=2e-6)
    seen = run.snapshot(measure=False, detail="coarse").picture["beyond"]
    np.testing.assert_allclose(seen[0, :, 0], shares, rtol=0, atol=0.02)


def test_a_plane_has_the_samples_that_are_not_shown():
    run = Run(Spec(target="ring", latent_dim=2, init_gain=4))
    shot = run.snapshot(measure=False)
    fake, box = shot.picture["fake"][0], shot.probes[0].target.box
    outside = ~((fake >= box[:, 0]) & (fake <= box[:, 1])).all(1)
    rows = shot.picture["beyond"][0]
    assert outside.mean() > 0.05
    assert rows[:, 0].sum() == pytest.approx(outside.mean(), abs=1e-12)
    mean = (rows[:, :1] * rows[:, 1:]).sum(0) / rows[:, 0].sum()
    np.testing.assert_allclose(mean, fake[outside].astype(float).mean(0), rtol=1e-6)
