"""The properties of domains; no other code depends on the dimension of x."""

import ast
import inspect
from pathlib import Path

import pytest

import ganlab
from ganlab import SpecError
from ganlab.domains import IMAGE, LINE, PLANE, domain_of
from ganlab.domains.base import Domain
from ganlab.latents import LATENTS
from ganlab.targets import make_target

PACKAGE = Path(ganlab.__file__).parent
METHODS = {n for n, f in vars(Domain).items() if inspect.isfunction(f) and n[0] != "_"}


def test_a_domain_is_that_of_its_dimension():
    assert [domain_of(dim) for dim in (1, 2, 3, 784)] == [LINE, PLANE, IMAGE, IMAGE]
    assert LINE.drawn and PLANE.drawn and not IMAGE.drawn


@pytest.mark.parametrize("domain", [LINE, PLANE], ids=lambda d: d.name)
def test_what_labs_draw_says_how(domain):
    inherited = METHODS - set(vars(type(domain)))
    # The message is the picture, and a small field is drawn as it is.
    assert inherited <= {"message", "small"}, "these raise"
    assert len(domain.sides) == 2 * (1 + (domain is PLANE))


def test_what_no_lab_draws_says_so():
    target = make_target("gaussian", {})
    with pytest.raises(SpecError, match="target = 'images' .* 1-D or 2-D"):
        IMAGE.probe(target, LATENTS["normal"], 1, 64)
    with pytest.raises(SpecError, match="1-D or 2-D"):
        IMAGE.layers(None, 1, average=False)


def compares_dimensions(tree: ast.AST) -> list[int]:
    """Lines on which `....dim` is compared with a number, on either side."""

    def is_dim(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "dim"

    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(is_dim, sides)) and any(isinstance(s, ast.Constant) for s in sides):
                out.append(node.lineno)
    return out


def test_only_domains_and_targets_know_dimensions():
    assert compares_dimensions(ast.parse("if 2 < spec.dim: pass")) == [1]
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in ("domains", "targets"):
            lines = compares_dimensions(ast.parse(path.read_text()))
            assert not lines, f"{path}, {lines}: ask the domain"
