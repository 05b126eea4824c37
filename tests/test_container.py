"""The Dockerfile against the project's files: what it copies, sets, executes and asks."""

import importlib.metadata
import json
import re
import shlex
import tomllib
from pathlib import Path, PurePosixPath

import pytest
from streamlit import config

import ganlab
from ganlab import cli, health, server
from ganlab.environment import KNOWN
from ganlab.limits import CLASS, students

ROOT = Path(ganlab.__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments, without comments, continued lines joined."""
    lines = [line for line in TEXT.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, text.strip()) for name, text in pairs]


ALL = instructions()
_LAST = max(at for at, (name, _) in enumerate(ALL) if name == "FROM")
BUILD, FINAL = ALL[:_LAST], ALL[_LAST:]
ENV = {
    name: value
    for kind, text in FINAL
    if kind == "ENV"
    for name, value in (pair.split("=", 1) for pair in shlex.split(text))
}


def of(part: list[tuple[str, str]], name: str) -> list[str]:
    return [text for kind, text in part if kind == name]


def ignored(path: str) -> bool:
    """Whether .dockerignore leaves a path out: the last rule that matches it or a folder above."""
    out = False
    for rule in filter(None, (ROOT / ".dockerignore").read_text().splitlines()):
        if rule.startswith("#"):
            continue
        bare = rule.removeprefix("!")
        name = bare.removeprefix("**/")
        above = [PurePosixPath(path), *PurePosixPath(path).parents]
        if any(p.name == name if bare != name else p.match(bare) for p in above if p.name):
            out = not rule.startswith("!")
    return out


def test_everything_of_the_wheel_is_copied_and_nothing_else():
    copied = {p for text in of(BUILD, "COPY") for p in text.split()[:-1]}
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    more = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert copied == {*wheel, *more, "pyproject.toml", "constraints.txt"}
    assert all((ROOT / name).exists() and not ignored(name) for name in copied)
    assert not ignored("ganlab/live/socket.py") and not ignored("assets/live/shell.js")
    left_out = ("tests", "docs/class.md", ".git/config", "shared", "ganlab/__pycache__/x.pyc")
    assert all(map(ignored, left_out))


def test_both_parts_have_the_python_of_the_project_and_no_other_place_is_named():
    first, second = of(ALL, "FROM")
    assert first.split()[0] == second and first.endswith(" AS build")
    version = re.fullmatch(r"python:(\d+\.\d+)-slim-bookworm", second)[1]
    assert PROJECT["project"]["requires-python"] == f">={version}"
    assert f"/lib/python{version}/site-packages" in TEXT
    assert "://" not in TEXT and not re.search(r"\b[\w-]+\.(com|org|io|net|dev)\b", TEXT)
    installed = [text for text in of(BUILD, "RUN") if "uv pip install" in text]
    assert (
        "-c constraints.txt -r pyproject.toml" in installed[0] and "torch-backend" in installed[0]
    )
    assert installed[1].endswith("--no-deps .")


def test_it_is_served_by_a_user_without_rights():
    user, folder = of(FINAL, "USER")[-1], ENV["GANLAB_CACHE"]
    made = " ".join(of(FINAL, "RUN"))
    assert re.search(rf"useradd --uid 1000 .*\b{user}\b", made)  # as Hugging Face's Spaces have it
    assert f"--owner {user} --mode 700 {folder}" in made  # see ganlab.ownership
    assert of(FINAL, "VOLUME") == of(FINAL, "WORKDIR") == [folder]
    after = [name for name, _ in FINAL[[name for name, _ in FINAL].index("USER") :]]
    assert not {"RUN", "COPY", "ADD"} & set(after)


def test_variables_exist():
    options = {option.env_var for option in config._config_options_template.values()}
    assert "STREAMLIT_SERVER_PORT" in options
    for name in ENV:
        assert name in KNOWN or name in options or name in ("PATH", "PYTHONUNBUFFERED")
    named = re.findall(r"STREAMLIT_\w+", (ROOT / "docs" / "class.md").read_text())
    assert named and options.issuperset(named)
    port = ENV["STREAMLIT_SERVER_PORT"]
    assert port == of(FINAL, "EXPOSE")[0] == str(config.get_option("server.port"))


def test_what_it_executes_is_a_server_for_a_class(monkeypatch):
    (entry,), (command,) = of(FINAL, "ENTRYPOINT"), of(FINAL, "CMD")
    (name,) = json.loads(entry)
    scripts = {s.name: s.load() for s in importlib.metadata.distribution("ganlab").entry_points}
    assert scripts[name] is cli.main
    monkeypatch.setenv(CLASS, "")
    monkeypatch.setattr(server, "serve", lambda options, greeting: 0 if greeting else 1)
    assert cli.main(json.loads(command)) == 0 and students() == 30


@pytest.mark.parametrize(
    "environment, url",
    [
        (ENV, "http://127.0.0.1:8501/_stcore/health"),
        (
            {"STREAMLIT_SERVER_PORT": "7860", "STREAMLIT_SERVER_BASE_URL_PATH": "/lab/"},
            "http://127.0.0.1:7860/lab/_stcore/health",
        ),
        ({"STREAMLIT_SERVER_SSL_CERT_FILE": "x.pem"}, "https://127.0.0.1:8501/_stcore/health"),
    ],
)
def test_its_health_is_asked_where_it_serves(environment, url):
    assert health.url(environment) == url
    (text,) = of(FINAL, "HEALTHCHECK")
    assert json.loads(text.partition("CMD ")[2]) == ["python", "-m", health.__name__]
