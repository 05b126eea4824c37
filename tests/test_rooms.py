"""Which modules may import which: imports go in one direction only."""

import ast
import graphlib
from functools import cache
from pathlib import Path

import ganlab

PACKAGE = Path(ganlab.__file__).parent
PAGES = PACKAGE.parent / "pages"

# A module may import only modules with a lower number, or with its own (without cycles). "" is the
# package itself, `from ganlab import Run`, for modules above the engine.
RANK = {
    "languages": -1,
    "registry": 0,
    "digits": 1,
    "paths": 0,
    "theme": 0,
    "layer_words": 0,
    "qr": 0,
    "machine": 0,
    "health": 0,
    "classroom": 7,
    "words": 0,
    "bundle": 1,
    "files": 2,
    "ownership": 0,
    "kernels": 0,
    "allowance": 0,
    "jobs": 2,
    "domains": 1.5,
    "estimators": 1.3,
    "processes": 0,
    "reading": 0,
    "reconcile": 1,
    "variants": 0,
    "rights": 0,
    **dict.fromkeys(("targets", "latents", "networks", "theory", "metrics", "losses", "optim"), 1),
    **dict.fromkeys(("stabilisers", "update_rules", "limits", "headers"), 1),
    "own_data": 1,
    "tables": 1,
    "environment": 1,
    "declarations": 2,
    "fields": 2,
    "params": 2,
    "query": 2,
    "shapes": 2,
    "spec": 2,
    "events": 2.5,
    "baselines": 4.5,
    "games": 3.2,
    "demonstrations": 4.5,
    "shape": 0,
    "shaping": 2.5,
    "address": 3,
    "experiment": 4,
    "comparison": 4,
    "export": 3,
    "engine": 3,
    "record": 3.5,
    "": 4,
    "sweeps": 5.5,
    "lessons": 5.5,
    "output": 5,
    **dict.fromkeys(("presets", "mnist", "reference"), 5),
    "figures": 5,
    "live": 6,
    "standalone": 6,
    "pictures": 6.5,
    "ui": 7,
    "index": 6,
    "front": 7,
    "server": 7,
    "testing": 7.5,
    "app": 8,
    "cli": 8,
    "__main__": 8,
    "pages": 8,
}
STREAMLIT_PACKAGES = {
    "ui", "testing", "live", "index", "front", "files", "server", "app", "pages", "classroom"
}  # fmt: skip
WEB = {"streamlit", "starlette", "uvicorn", "websockets", "fastapi"}


def modules() -> dict[str, Path]:
    """Every module of the package by dotted name, and the pages as pages.name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("ganlab", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = path
    for path in sorted(PAGES.glob("*.py")):
        found[f"pages.{path.stem}"] = path
    return found


MODULES = modules()


@cache
def imports(name: str) -> set[str]:
    """Dotted names that a module imports anywhere in it, `from a import b` as a.b."""
    out: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            out |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            out |= {f"{node.module}.{alias.name}" for alias in node.names}
    return out


def package(module: str) -> str:
    """ganlab.engine.run -> engine, ganlab -> "", pages.x -> pages."""
    first, *rest = module.split(".")
    return "pages" if first == "pages" else (rest[0] if rest else "")


def known(imported: str) -> str | None:
    """The module of ganlab that contains an imported dotted name."""
    while imported not in MODULES:
        imported, _, _ = imported.rpartition(".")
        if not imported:
            return None
    return imported


def outside(module: str) -> set[str]:
    """Top-level names of the outside packages that a module imports."""
    return {i.split(".")[0] for i in imports(module) if known(i) is None}


def test_there_are_modules_to_judge():
    assert {"ganlab", "ganlab.engine.run", "ganlab.app", "pages.lab_1d"} <= set(MODULES)
    assert known("ganlab.engine.run.Run") == "ganlab.engine.run" and known("numpy.array") is None
    assert "streamlit" in outside("ganlab.app") and "torch" in outside("ganlab.engine.run")
    assert "ganlab.engine.game.Game" in imports("ganlab.engine.run")
    assert set(RANK) == set(map(package, MODULES)), "a package has no module, or no rank"


def test_imports_run_downward():
    upward = {
        f"{module} imports {imported}"
        for module in MODULES
        for imported in imports(module)
        # `from ganlab import theory` names a module, `from ganlab import Run` the package itself.
        if (there := known(imported)) and RANK[package(there)] > RANK[package(module)]
    }
    assert not upward


def test_no_module_imports_itself_in_a_circle():
    graph = {m: {known(i) for i in imports(m)} - {None, m} for m in MODULES}
    # A module inside a folder may import its siblings, whose folder imports it.
    graph = {m: {i for i in seen if not m.startswith(i + ".")} for m, seen in graph.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_who_may_know_streamlit_plotly_and_the_web():
    for module in MODULES:
        here, foreign = package(module), outside(module)
        ours = {package(known(i)) for i in imports(module) if known(i)}
        if here not in STREAMLIT_PACKAGES:
            assert not foreign & WEB, module
        if here not in {"figures", "ui", "front", "app", "pages"}:
            assert "plotly" not in foreign, module
        if here == "figures":
            assert not foreign & {"streamlit", "torch"}, module
            assert ours <= {"figures", "languages", "registry", "theory", "theme"}, module
        if RANK[here] <= RANK["engine"]:
            assert not ours & {"live", "ui"}, module
            slow = any(i.startswith("scipy.stats") for i in imports(module))
            assert not slow, f"{module} imports scipy.stats, which takes 1.7 s"


def test_importing_the_engine_loads_no_interface():
    import subprocess
    import sys

    code = (
        "import sys, ganlab; ganlab.Run(ganlab.Spec()).snapshot(points=4096);"
        "print(*(m for m in ('streamlit', 'plotly', 'scipy.stats', 'ot') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
