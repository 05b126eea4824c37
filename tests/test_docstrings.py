"""Public docstrings say what callers need: the shapes of arrays, and which errors are raised."""

import ast
import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import ganlab

PACKAGE = Path(ganlab.__file__).parent
ARRAYS = re.compile(r"\b(Tensor|ndarray|NDArray|Array|ArrayLike|Logits|Floats|Images)\b")
# "(R, B)", "(n,)", "(cells + 1,)" or a word for the shape; "See `x`" says where it is described.
SIZE = r"(?:[\w.*²]+(?: [-+*/] [\w.]+)*|\w \w)"
SHAPE = re.compile(
    rf"\({SIZE}(?:, {SIZE})*,?\)|\b(?:scalar|shapes?|flat|elementwise)\b|\b(?:[Ss]ee|As) `"
)


def functions(tree, owners=()):
    """Public functions of a module and methods of its public classes, with their classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from functions(node, (*owners, node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_") or node.name == "__init__":
                yield node, owners


def own_nodes(function):
    """The nodes of a function's body, without those of functions and classes inside it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def raised(function) -> set[str]:
    """The names of the classes of which a function's own body raises errors."""
    found = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.add(ast.unparse(made))
    return {name for name in found if name[0].isupper() and name != "NotImplementedError"}


def annotations(function) -> str:
    given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    texts = [ast.unparse(a.annotation) for a in given if a.annotation is not None]
    return " ".join(texts + ([ast.unparse(function.returns)] if function.returns else []))


def described(module: str, function, owners) -> str:
    """Its docstring, and that of the same method in base classes.

    Constructors and properties may be described by their class.
    """
    texts = [ast.get_docstring(function) or ""]
    if owners:
        found = importlib.import_module(module)
        for owner in owners:
            found = getattr(found, owner.name)
        for base in inspect.getmro(found):
            texts.append(getattr(base.__dict__.get(function.name), "__doc__", None) or "")
        kinds = {ast.unparse(d).split(".")[-1] for d in function.decorator_list}
        if function.name == "__init__" or kinds & {"property", "cached_property"}:
            texts.append(ast.get_docstring(owners[-1]) or "")
    return "\n".join(texts)


def names_a_shape(text: str) -> bool:
    found = SHAPE.findall(re.sub(r"(\w)\([^(),]*\)", r"\1", text))  # len(x) is a size, not a shape
    return any("," in one or "(" not in one for one in found)


@cache  # once, and only where these tests run
def public():
    return list(_public())


def _public():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        for function, owners in functions(ast.parse(path.read_text())):
            name = ".".join([module, *(o.name for o in owners), function.name])
            yield name, module, function, owners


def test_there_are_functions_to_judge():
    by_name = {name: function for name, _, function, _ in public()}
    assert raised(by_name["ganlab.engine.run.Run.use"]) == {"SpecError"}
    assert "Tensor" in annotations(by_name["ganlab.networks.mlp.MLP.split"])
    for text in ("The mean f(x), sorted (see section 4.2, which says how).", "W1 (exact) of x."):
        assert not names_a_shape(text)
    for text in ("Logits (R, B) -> (R,).", "(len(xe) - 1, m n)", "See `Target.sample`."):
        assert names_a_shape(text)


def test_docstrings_say_which_errors_are_raised():
    silent = [
        f"{name} raises {', '.join(sorted(errors))}"
        for name, module, function, owners in public()
        if (errors := raised(function))
        and not re.search(r"\b[Rr]aises?\b", described(module, function, owners))
    ]
    assert not silent, "\n".join(silent)


def test_docstrings_name_the_shapes_of_arrays():
    silent = [
        name
        for name, module, function, owners in public()
        if ARRAYS.search(annotations(function))
        and not names_a_shape(described(module, function, owners))
    ]
    assert not silent, "\n".join(silent)
