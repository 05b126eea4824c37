"""Pictures as densities, against the sum of their pixels' Gaussians; what is no picture."""

import numpy as np
import pytest
from scipy import stats

from ganlab.own_data import STORE, Data
from ganlab.registry import SpecError
from ganlab.targets import make_target
from ganlab.targets.ink import PICTURES, ink_of, picture


def test_rows_run_down_columns_run_right_and_mass_goes_with_ink():
    ink = np.zeros((2, 4), np.uint8)
    ink[0, 0], ink[1, 3] = 5, 15  # at the upper left, and three times as much at the lower right
    name = STORE.put(picture(ink, "two pixels"))
    target = make_target("picture", {"picture": name, "width": 4.0, "blur": 0.5})
    pixels = [stats.multivariate_normal(at, 0.25 * np.eye(2)) for at in ((-1.5, 0.5), (1.5, -0.5))]
    x = np.random.default_rng(0).uniform(-3, 3, (100, 2))
    wanted = 0.25 * pixels[0].pdf(x) + 0.75 * pixels[1].pdf(x)
    np.testing.assert_allclose(np.exp(target.log_density(x)), wanted, rtol=1e-9, atol=1e-300)
    halves = target.cell_masses(np.array([-np.inf, 0, np.inf]), np.array([-np.inf, 0, np.inf]))
    inside = stats.norm.cdf(3) * stats.norm.cdf(1)
    np.testing.assert_allclose(halves[0, 1] - halves[1, 0] / 3, 0, atol=1e-3)
    outside = stats.norm.cdf(-3) * stats.norm.cdf(-1)
    np.testing.assert_allclose(halves[0, 1], 0.25 * inside + 0.75 * outside, rtol=1e-12)


@pytest.mark.parametrize("name", list(PICTURES))
def test_the_examples_are_pictures_that_fit_their_box(name):
    ink = ink_of(name)
    target = make_target("picture", {"picture": name})
    assert 0.05 < (ink > 0).mean() < 0.8 and ink.max() == 15
    assert target.cell_masses(*target.box).sum() > 0.9999


def test_what_is_no_picture_is_refused_in_words():
    for ink, why in (
        (np.zeros((8, 8), np.uint8), "draw something"),
        (np.ones((8, 129), np.uint8), "at most 128 × 128"),
        (np.ones((0, 8), np.uint8), "at most 128 × 128"),
        (np.full((8, 8), 16, np.uint8), "ink from 0 to 15"),
    ):
        with pytest.raises(SpecError, match=why):
            picture(ink, "x")
    others = STORE.put(Data("ink", {"image": np.ones((8, 8), np.uint8)}))
    for wrong in (others, STORE.put(Data("points", {"x": np.ones((8, 2), np.float32)})), "0" * 32):
        with pytest.raises(SpecError) as caught:
            make_target("picture", {"picture": wrong})
        assert caught.value.name == "picture"
