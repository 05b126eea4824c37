"""layers.c equals the layers one after the other, for any shapes, strides and values."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from ganlab.engine.native import build, provide


@pytest.fixture(scope="module")
def in_c(tmp_path_factory):
    path = tmp_path_factory.mktemp("layers") / build.LAYERS
    build.compile_library(path)
    return provide.operations(path)


def one_by_one(x, parts, slope):
    """The same, in double precision."""
    x, parts = x.double(), [part.double() for part in parts]
    for i in range(0, len(parts), 2):
        x = x @ parts[i] + parts[i + 1]
        if i < len(parts) - 2:
            x = F.leaky_relu(x, slope) if slope else F.relu(x)
    return x


def drawn(seed, widths, runs, n):
    """Points, and weights and biases of each layer."""
    g = torch.Generator().manual_seed(seed)
    parts = []
    for i, o in zip(widths[:-1], widths[1:], strict=True):
        parts += [torch.randn(runs, i, o, generator=g) / i**0.5]
        parts += [torch.randn(runs, 1, o, generator=g)]
    return torch.randn(runs, n, widths[0], generator=g), parts


WIDTHS = st.lists(st.integers(1, 40), min_size=2, max_size=9)


@settings(max_examples=60)
@given(
    st.integers(0, 2**31), WIDTHS, st.integers(1, 3), st.integers(1, 200),
    st.sampled_from([0.0, 0.2, 1.5, -0.5]),
)  # fmt: skip
def test_it_is_the_layers_one_after_the_other(in_c, seed, widths, runs, n, slope):
    x, parts = drawn(seed, widths, runs, n)
    made = in_c[len(widths) - 1](x, *parts, slope)
    wanted = one_by_one(x, parts, slope)
    assert made.shape == (runs, n, widths[-1]) and made.dtype == torch.float32
    assert made.is_contiguous()
    torch.testing.assert_close(
        made.double(), wanted, rtol=1e-4, atol=1e-4 * float(wanted.std(correction=0) + 1)
    )


def test_each_point_is_computed_alike_wherever_it_is(in_c):
    x, parts = drawn(1, (2, 33, 17, 3), 1, 300)
    whole = in_c[3](x, *parts, 0.2)
    for start, end in ((0, 1), (5, 70), (63, 300), (299, 300)):
        assert torch.equal(in_c[3](x[:, start:end], *parts, 0.2), whole[:, start:end])


def test_it_takes_any_strides(in_c):
    x, parts = drawn(2, (3, 20, 8, 2), 2, 150)
    wanted = in_c[3](x, *parts, 0.2)
    turned = [part.mT.contiguous().mT for part in parts]
    assert torch.equal(in_c[3](x.mT.contiguous().mT, *turned, 0.2), wanted)
    # One run's points for all runs, as `expand` gives them.
    same = x[:1].expand(2, -1, -1)
    assert torch.equal(in_c[3](same, *parts, 0.2), in_c[3](same.contiguous(), *parts, 0.2))


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_what_is_not_finite_stays_so(in_c, slope):
    x, parts = drawn(3, (2, 12, 12, 2), 1, 100)
    x[0, 10], x[0, 20, 0], x[0, 30, 1] = torch.nan, torch.inf, -torch.inf
    made, wanted = in_c[3](x, *parts, slope), one_by_one(x, parts, slope).float()
    torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-4, equal_nan=True)
    assert made[0, 10].isnan().all() and made[0, 9].isfinite().all()
    # ReLU of -inf is 0, not NaN.
    low = [torch.full((1, 1, 1), -torch.inf), torch.zeros(1, 1, 1), torch.ones(1, 1, 1)]
    low.append(torch.full((1, 1, 1), 3.0))
    assert in_c[2](torch.ones(1, 1, 1), *low, 0.0).item() == 3
    assert in_c[2](torch.ones(1, 1, 1), *low, 0.2).item() == -torch.inf


def test_no_points(in_c):
    x, parts = drawn(4, (2, 8, 1), 2, 0)
    assert in_c[2](x, *parts, 0.0).shape == (2, 0, 1)


def test_too_few_arguments_are_an_error_of_torch(in_c):
    x, parts = drawn(5, (2, 8, 1), 1, 10)
    with pytest.raises(RuntimeError):
        in_c[2](x, *parts[:3], 0.0)


def test_a_library_is_registered_once(in_c, tmp_path):
    again = provide.operations(tmp_path / "another.so")  # not even opened
    assert again == in_c
