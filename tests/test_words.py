"""Every number and curve has an explanation and vice versa; texts have no banned words."""

import ast
import re

import pytest

from ganlab import Run, Spec, words
from ganlab.comparison import Comparison
from ganlab.engine.probe import probe_for
from ganlab.estimators import ESTIMATES
from ganlab.games import help
from ganlab.live import comparison_view, thumbnails
from ganlab.live.history import SERIES
from ganlab.live.scene import layers, panels
from ganlab.paths import ASSETS
from ganlab.reference import measures
from ganlab.ui.mnist.view import PANELS as MNIST_PANELS

SPECS = (
    Spec(),
    Spec(latent_dim=2),
    Spec(target="ring", latent_dim=2),
    Spec(target="ring", latent_dim=1),
    Spec(target="cauchy"),
    Spec(g_average=0.9),
    Spec(target="ring", latent_dim=2, data_size=8),
    Spec(target="moons", conditional="yes"),
    Spec(target="strings"),
    Spec(target="moons", few_labels=2),
    Spec(inference="joint"),
    Spec(target="moons", inference="regression"),
)
TABLES = (
    words.MEASURES,
    words.PANELS,
    words.LINES,
    words.LAYERS,
    words.READOUTS,
    words.TILES,
    words.MNIST,
    help.SPECTRUM,
    help.GAMES,
    help.MATRIX,
    ESTIMATES,
)


def shown() -> list[dict]:
    """Every panel of every page."""
    found = list(MNIST_PANELS)
    for spec in SPECS:
        probe = probe_for(spec, 4096)
        found += panels(spec, probe) + thumbnails.panels(probe)
        pair = Comparison.pair(spec)
        found += comparison_view.panels([spec, spec], [probe, probe], pair.labels)
    return found


def test_every_metric_of_a_snapshot_has_a_sentence_and_a_unit():
    base = Spec(batch=8, data_size=8, target="two_gaussians")
    # D is told all labels, or it learns a few.
    more: tuple[dict, ...] = ({"conditional": "yes", "inference": "joint"}, {"few_labels": 1})
    runs = [Run(base.replace(**one)) for one in more]
    metrics = set().union(*(run.snapshot(points=4096).metrics for run in runs))
    assert set(words.MEASURES) == metrics
    assert set(SERIES) <= metrics
    assert all(word.unit for word in words.MEASURES.values())


def test_every_panel_says_itself_its_curves_and_its_lines():
    for panel in shown():
        said = [title for title, *_ in panel["help"]]
        keys = {s["key"].split(".")[0] for s in panel["series"]} & set(words.MEASURES)
        if panel["id"] not in ("losses", "means"):
            assert {words.MEASURES[key].title for key in keys} <= set(said)
        assert {words.LINES[line["title"]].title for line in panel["lines"]} <= set(said)


def test_no_panel_line_or_layer_is_explained_that_is_not_shown():
    found = shown()
    ids = {panel["id"] for panel in found}
    assert set(words.PANELS) <= ids
    assert set(words.LINES) == {line["title"] for panel in found for line in panel["lines"]}
    drawn = {row["id"] for spec in SPECS for row in layers(spec, probe_for(spec, 4096))}
    assert set(words.LAYERS) == drawn


def test_the_mnist_page_explains_all_that_it_shows():
    code = "".join(path.read_text() for path in (ASSETS / "live").glob("mnist*.js"))
    places = set(re.findall(r"message\.help\.(\w+)", code))
    for names in re.findall(r"explain: \(\{([^}]*)\}", code):
        places |= set(re.findall(r"(\w+)(?:: \w+)?", names)) - {"lines"}
    panels = {panel["id"] for panel in MNIST_PANELS}
    assert places | panels | {"likelihood"} == set(words.MNIST)


def test_the_page_of_games_explains_all_that_it_shows():
    code = (ASSETS / "live" / "games.js").read_text()
    assert set(re.findall(r"game\.help\.(\w+)", code)) == set(help.GAMES)


def test_the_page_of_matrix_games_explains_all_that_it_shows():
    code = "".join(path.read_text() for path in (ASSETS / "live").glob("matrix*.js"))
    assert set(re.findall(r"(?:game|made)\.help\.(\w+)", code)) == set(help.MATRIX)


@pytest.mark.parametrize("table", TABLES)
def test_an_explanation_is_one_or_two_sentences(table):
    for word in table.values():
        assert word.title and word.says.endswith(".") and word.says.count(". ") <= 1, word
        assert 12 <= len(word.says) <= 260, word


def test_the_docs_are_made_of_the_table():
    page = ASSETS.parent / "docs" / "measures.md"
    assert page.read_text() == measures(), "ganlab measures > docs/measures.md"
    for table in TABLES:
        assert all(word.says in measures() for word in table.values())


ROOT = ASSETS.parent
TEXTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + [
    path
    for folder, kind in (("ganlab", "py"), ("pages", "py"), ("assets", "js"), ("docs", "md"))
    for path in sorted((ROOT / folder).rglob(f"*.{kind}"))
]
# Archaic words, and metaphors that once stood for a scheduler's or a page's mechanisms.
BANNED = (
    r"stands? (?:back|aside)",
    r"\bdeeds?\b",
    r"\bwhile one watches",
    r"\bcompany\b",
    r"\bwhence\b|\bhitherto\b|\bthereof\b|\bnought\b|\bbetimes\b",
    r"is not allowed: (?:at |an? |one |0 )",  # what follows is required: "; it must be at least 0"
)


def test_no_text_has_a_banned_word():
    banned = re.compile("|".join(BANNED), re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in TEXTS
        for match in banned.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_no_literal_tuple_is_unpacked_to_save_a_line():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in TEXTS
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Starred) and isinstance(node.value, ast.Tuple)
        if not any(isinstance(one, ast.Starred) for one in node.value.elts)
    ]
    assert not found
