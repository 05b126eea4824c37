"""Densities by formulas: the grammar, and scipy's quadrature as the oracle."""

import ast
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from ganlab import Spec, export
from ganlab.registry import SpecError
from ganlab.targets import formula as formula_module
from ganlab.targets import make_target
from ganlab.targets.formula import FUNCTIONS, Formula


def line(formula: str, low: float = -3.0, high: float = 3.0):
    return make_target("function", {"formula": formula, "low": low, "high": high})


ONES = {
    "exp(-x**2) * sin(3*x)**2": lambda x: math.exp(-(x**2)) * math.sin(3 * x) ** 2,
    "(x > 0.1) * exp(-x) + 0.5 * (x < -1)": lambda x: (x > 0.1) * math.exp(-x) + 0.5 * (x < -1),
    "max(0, 1 - abs(x)) + normal(x, 2, 0.01)": lambda x: (
        max(0, 1 - abs(x)) + stats.norm.pdf(x, 2, 0.01)
    ),
    "floor(x + 3.05)^2 / (1 + x²)": lambda x: math.floor(x + 3.05) ** 2 / (1 + x**2),
    "1": lambda x: 1.0,
}


@pytest.mark.parametrize("text", ONES)
def test_masses_on_the_line_are_scipys(text):
    target, f = line(text), ONES[text]
    breaks = [-1, 0, 0.1, 1, 1.97, 2, 2.03, *(k - 3.05 for k in range(1, 7))]
    z, _ = integrate.quad(f, -3, 3, points=breaks, limit=400)
    edges = np.linspace(-3.7, 3.7, 24)
    wanted = [
        integrate.quad(f, a, b, points=[p for p in breaks if a < p < b] or None, limit=200)[0]
        for a, b in zip(edges.clip(-3, 3), edges.clip(-3, 3)[1:], strict=False)
    ]
    np.testing.assert_allclose(target.cell_masses(edges), np.array(wanted) / z, atol=1e-6)
    x = np.linspace(-2.99, 2.97, 40)
    density = np.exp(target.log_density(x[:, None]))
    np.testing.assert_allclose(density, [f(v) / z for v in x], rtol=1e-5, atol=1e-300)
    assert np.isneginf(target.log_density(np.array([[-3.1], [3.1]]))).all()
    sample = target.sample(20_000, torch.Generator().manual_seed(1)).double().numpy()[:, 0]
    assert stats.kstest(sample, target.cdf).pvalue > 1e-4
    u = (np.arange(999) + 0.5) / 999
    np.testing.assert_allclose(target.cdf(target.ppf(u)), u, atol=1e-9)


@pytest.mark.parametrize("text", ["exp(-(x**2 + 2*y**2 + x*y))", "1 + sin(x) * cos(2*y)"])
def test_masses_in_the_plane_are_scipys(text):
    made = Formula(text, ("x", "y"))
    target = make_target("function_2d", {"formula": text, "low": -2.0, "high": 2.5})

    def f(y: float, x: float) -> float:
        one = [torch.tensor([v], dtype=torch.float64) for v in (x, y)]
        return float(made(x=one[0], y=one[1]))

    z, _ = integrate.dblquad(f, -2, 2.5, -2, 2.5, epsabs=1e-7)
    edges = np.array([-np.inf, -0.31, 0.77, 9.0]), np.array([-0.9, 0.123, 2.4])
    masses = target.cell_masses(*edges)
    wanted, _ = integrate.dblquad(f, -0.31, 0.77, 0.123, 2.4, epsabs=1e-8)
    assert abs(masses[1, 1] - wanted / z) < 1e-6 and masses.shape == (3, 2)
    wanted, _ = integrate.dblquad(f, -2, -0.31, -0.9, 0.123, epsabs=1e-8)
    assert abs(masses[0, 0] - wanted / z) < 1e-6


REFUSED = {
    "x": "at least 0 everywhere: it is -3 at x = -3",
    "log(x)": "it is no number at x = -3",
    "exp(exp(exp(x**2)))": "it is infinite at",
    "0 * x": "more than 0 somewhere from -3 to 3",
    "1 / abs(x)": "finite integral and no finer details than near x = -?[0-9.e-]+$",
    "2x": "write 2\\*x, not 2x",
    "2 exp(-x**2)": "near “exp\\(-x\\*\\*2\\)”; write 2\\*x, not 2x$",
    "exp(-x**2": "a complete formula, near “[^”]*”$",
    "exp(": "a complete formula",
    "": "at most 200 characters",
    "y": "a formula in x, without “y”",
    "exp": "a function needs its argument in brackets",
    "exp(x, 2)": "exp has one argument",
    "foo(x)": "without “foo”, with the functions exp, log",
    "exp(-x**2)  # c": "without “#”",
    "9**9**9**9": "numbers up to 1e\\+100",
    "(-1)**0.5 * x": "numbers up to",
    "1/0": "numbers up to",
    "log(-1)": "numbers up to",
    "__import__('os').system('true')": "a formula of numbers",
    "x.__class__": "a formula of numbers",
    "[x for x in (1,)]": "a formula of numbers",
    "(x := 3)": "a formula of numbers",
    "lambda: x": "a formula of numbers",
    "x if x > 0 else 0": "a formula of numbers",
    "f'{x}'": "a formula of numbers",
    "True": "a formula of numbers",
    "exp(*x)": "one argument",
    "exp(x=x)": "functions",
    "x == 1": "a formula of numbers",
    "(" * 60 + "x" + ")" * 60: "",
    "-" * 150 + "x": "deep|simpler",
    "+".join(["x"] * 99): "parts|deep",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_density_is_refused_in_plain_words(text):
    if not REFUSED[text]:  # brackets make no tree
        text = text.replace("x", "x*x")
        assert line(text).dim == 1
        return
    with pytest.raises(SpecError, match=REFUSED[text]) as caught:
        line(text)
    assert caught.value.name == "formula"


def test_ends_must_be_in_order():
    with pytest.raises(SpecError, match="more than the lower end, 3"):
        line("1", 3.0, 3.0)
    with pytest.raises(SpecError, match="float32 does not resolve"):
        line("1", 1e5, 1e5 + 1)


PARTS = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5", "pi", "3e-2"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/<>^"), inner).map(lambda t: f"({' '.join(t)})"),
        st.tuples(st.sampled_from(["exp", "sin", "abs", "tanh", "floor", "-"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_formulas_mean_what_python_means_by_them(text):
    """The oracle evaluates the same text in the tests, with numbers instead of tensors."""
    x, y = 0.7, -1.3
    names = {n: getattr(math, n) for n in ("exp", "sin", "tanh", "floor", "pi")}
    plain = text.replace("^", "**")
    try:
        wanted = float(eval(plain, {"abs": abs, "max": max, "x": x, "y": y, **names}))
    except (ArithmeticError, ValueError, TypeError):
        return  # what is complex or infinite here is refused or NaN there
    try:
        made = Formula(text, ("x", "y"))
    except SpecError:
        return
    one = {"x": torch.tensor([x], dtype=torch.float64), "y": torch.tensor([y], dtype=torch.float64)}
    found = made(**one)
    assert found.shape == (1,) and found.dtype == torch.float64
    assert float(found) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    source = eval(made.source(), {"torch": torch, "math": math, **one})
    assert torch.equal(source, found)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.text("xy0123456789.+-*/^()<>, explogsincabmrt", max_size=40))
def test_any_text_is_a_formula_or_a_clear_error(text):
    try:
        made = Formula(text, ("x", "y"))
    except SpecError as error:
        assert error.name == "formula" and error.allowed
    else:
        assert made(x=torch.ones(3).double(), y=torch.ones(3).double()).shape == (3,)


def test_nothing_is_executed():
    source = Path(formula_module.__file__).read_text()
    called = {n.func.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)
              and isinstance(n.func, ast.Name)}  # fmt: skip
    assert not called & {"eval", "exec", "compile", "__import__"}
    assert all(re.fullmatch(r"[a-z]+", name) for name in FUNCTIONS)


def test_a_formula_survives_its_address_and_script():
    spec = Spec(target="function", target_params={"formula": "exp(-x^2) + 0.1·(x>1)"})
    assert Spec.from_query(spec.to_query()) == spec == Spec.from_json(spec.to_json())
    assert "torch.exp((-1.0 * (x ** 2.0)))" in export.script(spec, 1)
