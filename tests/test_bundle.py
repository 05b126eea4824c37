"""The front end in one file: it does what the modules do, and nothing else is loaded."""

import json

import pytest

from ganlab import bundle, paths, theme
from ganlab.files import ENTRIES
from tests.javascript import run

LIVE = paths.ASSETS / "live"


def _evaluate(text: str, expression: str):
    """The value of an expression in which `m` is the module with this text, loaded from a URL."""
    code = f"""
      const text = {json.dumps(text)};
      const m = await import("data:text/javascript," + encodeURIComponent(text));
      console.log(JSON.stringify({expression}));
    """
    done = run("--input-type=module", "-", code=code)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "entry", sorted(path.name for path in LIVE.glob("*.js") if path.name != "types.js")
)
def test_every_module_can_be_put_into_one_file(entry):
    text = bundle.module(entry)
    lines = text.splitlines()
    assert not any(line.startswith("import ") for line in lines) and "(import(" not in text
    assert lines.count("const _tokens = (() => {") <= 1
    assert sum(line.startswith("export ") for line in lines) <= 1


def test_one_file_exports_what_its_entry_does():
    text = bundle.module("live.js")
    assert _evaluate(text, "[Object.keys(m), typeof m.mount]") == [["mount"], "function"]
    values = "[m.steady(0.0351), m.ticks(0, 10, 5)]"
    alone = _evaluate(bundle.module("plot.js"), values)
    assert alone[0] == "0.035" and len(alone[1]) > 2
    back = _evaluate(bundle.module("tokens.js"), "m.THEMES.light.background")
    assert back == theme.THEMES["light"].background
    sheet = _evaluate(bundle.module("styles.js"), "m.STYLES['live.css']")
    assert sheet == (LIVE / "live.css").read_text()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A function that makes these files the front end."""
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    (tmp_path / "live").mkdir()
    bundle.module.cache_clear()

    def put(**texts):
        for name, text in texts.items():
            (tmp_path / "live" / f"{name}.js").write_text(text)

    yield put
    bundle.module.cache_clear()


def test_modules_are_executed_once_and_keep_their_names_apart(files):
    files(
        a="export const log = [];\nconst own = 1;\nlog.push(own);\n",
        b='import { log } from "./a.js";\nconst own = 2;\n'
        "log.push(own);\nexport const two = own;\n",
        c='import { log as said } from "./a.js";\nimport { two } from "./b.js";\n'
        "said.push(3);\nexport async function list() {\n  return said;\n}\n"
        "export default { two };\n",
    )
    assert _evaluate(bundle.module("c.js"), "[await m.list(), m.default.two]") == [[1, 2, 3], 2]


@pytest.mark.parametrize(
    "line",
    ['import "./a.js";', 'import all from "./a.js";', 'export { a };', 'export * from "./a.js";',
     'const a = await import("./a.js");'],
)  # fmt: skip
def test_other_forms_are_refused(files, line):
    files(a="export const a = 1;\n", b=f"{line}\n")
    with pytest.raises(ValueError, match="b.js has"):
        bundle.module("b.js")


def test_a_circle_is_refused(files):
    files(
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match=r"a\.js imports b\.js imports a\.js"):
        bundle.module("a.js")


def test_a_server_sends_one_file_in_which_nothing_is_executed_ahead(files, tmp_path):
    """A page's language is known later than its files; a module imported twice has one state."""
    files(
        words="export const spoken = [];\n",
        a='import { spoken } from "./words.js";\nexport const said = [...spoken];\n',
        b='import { said } from "./a.js";\nexport const b = said;\n'
        "export default () => said.push(1);\n",
        c='import { said as before } from "./a.js";\nbefore.push(2);\n',
    )
    made = bundle.together(["b.js", "c.js"])
    assert sorted(made) == ["a.js", "b.js", "c.js", bundle.COMMON] and "said" not in made["c.js"]
    there = tmp_path / "there"
    there.mkdir()
    (there / bundle.WORDS).write_text((tmp_path / "live" / bundle.WORDS).read_text())
    for name, text in made.items():
        (there / name).write_text(text)
    code = f"""
      const there = (name) => import({json.dumps(there.as_uri())} + "/" + name);
      await there({json.dumps(bundle.COMMON)});
      (await there("words.js")).spoken.push("zh");
      const b = await there("b.js");
      b.default();
      await there("c.js");
      const {{ said }} = await there("a.js");
      console.log(JSON.stringify([said, b.b === said, Object.keys(b)]));
    """
    done = run("--input-type=module", "-", code=code)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [["zh", 1, 2], True, ["b", "default"]]


def test_the_files_of_the_pages_are_among_those_of_the_server():
    """All but what is loaded elsewhere, and what the server draws with."""
    elsewhere = {"answer_page", "comm", "notebook", "offline", "paper", "plate", "plate_words"}
    elsewhere |= {"types", "words"}
    all_files = {path.name for path in LIVE.glob("*.js")}
    others = all_files - set(bundle.together(ENTRIES))
    assert others <= {f"{name}.js" for name in elsewhere}
    assert all(f"{name}.js" in all_files for name in elsewhere)


def test_no_string_ends_a_script_of_a_page():
    text = 'const a = "</script><!-- x </SCRIPT >";\nexport { a };\n'
    safe = bundle.inline(text)
    assert "</script" not in safe.lower() and "<!--" not in safe
    assert _evaluate(safe, "m.a") == "</script><!-- x </SCRIPT >"
