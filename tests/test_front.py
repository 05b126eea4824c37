"""Answers besides Streamlit's pages: under its base path, with the right headers."""

import base64
import gzip
import hashlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import file_util

from ganlab import SpecError, bundle, paths, server, theme
from ganlab.cli import main
from ganlab.files import ENTRIES
from ganlab.front import Front, bound_messages
from ganlab.headers import EMBED, POLICY, embedders, policy, security_headers
from ganlab.index import SCRIPT, addressed, ahead, elements
from ganlab.live.scheduler import SCHEDULER
from ganlab.spec import Spec
from tests.settings import settings


@pytest.fixture(params=["", "lab", "/a/b/"])
def site(request):
    """(client, base path) of an app that answers "pages" to all requests except ganlab's own."""

    async def pages(_):
        return PlainTextResponse("pages")

    with settings({"server.baseUrlPath": request.param}):
        app = Front(Starlette(routes=[Route("/{path:path}", pages)]))
    base = request.param.strip("/")
    yield TestClient(app), f"/{base}" if base else ""


def test_the_front_end_lies_under_the_base_path(site):
    client, base = site
    there = {bundle.WORDS: (paths.ASSETS / "live" / bundle.WORDS).read_text()}
    there |= bundle.together(ENTRIES)
    for name in (bundle.COMMON, bundle.WORDS, "shell.js"):
        address = f"{base}/{paths.ASSETS_URL}/live/{name}"
        script = client.get(address)
        assert script.status_code == 200 and "javascript" in script.headers["content-type"]
        assert script.text == there[name] and "ETag" in script.headers
        assert ("content-encoding" in script.headers) == (len(there[name]) > 1000)
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers and plain.text == script.text
        known = {"If-None-Match": script.headers["ETag"]}
        assert client.get(address, headers=known).status_code == 304
        assert client.post(address).status_code == 405
    assert client.get(f"{base}/{paths.PLOTLY_URL}/plotly.min.js").status_code == 200
    for missing in ("live/nothing.js", "../pyproject.toml", "%2e%2e/pyproject.toml", ""):
        assert client.get(f"{base}/{paths.ASSETS_URL}/{missing}").status_code in (400, 404)
    # A path of another version is a 404, not Streamlit's page.
    assert client.get(f"{base}/ganlab-assets/000000000000/live/live.js").status_code == 404
    if base:
        assert client.get(f"/{paths.ASSETS_URL}/live/live.js").text == "pages"
    assert client.get(f"{base}/two").text == client.get(f"{base}/lively").text == "pages"


def test_the_home_page_has_its_name_as_an_address_too(site):
    """As /two leads to the 2-D lab; its own address is the app's."""
    client, base = site
    for path, up in ((f"{base}/phenomena", "./"), (f"{base}/phenomena/", "../")):
        assert client.get(path, follow_redirects=False).headers["location"] == up
        there = client.get(path, follow_redirects=True)
        assert there.text == "pages" and there.url.path == f"{base}/"
    assert client.get(f"{base}/ones").text == client.get(f"{base}/one/more").text == "pages"


def test_the_apps_own_address_with_a_run_leads_to_the_1d_lab(site):
    """Where the lab once was: links that people have shared go on to work."""
    client, base = site
    for path in {f"{base}/", base or "/"}:
        there = client.get(f"{path}?k=3&seed=5&g_hidden=8%2C8", follow_redirects=True)
        assert there.text == "pages" and there.url.path == f"{base}/one"
        assert there.url.query == b"k=3&seed=5&g_hidden=8%2C8"
        for others in ("", "?embed=true&embed_options=dark_theme", "?operator=x"):
            here = client.get(f"{path}{others}", follow_redirects=True)
            assert here.text == "pages" and not here.url.path.endswith("/one")


def test_the_front_end_is_given_the_theme_beside_its_files(site, monkeypatch):
    client, base = site
    common = client.get(f"{base}/{paths.ASSETS_URL}/live/{bundle.COMMON}")
    assert theme.module().replace("export ", "") in common.text
    tokens = client.get(f"{base}/{paths.ASSETS_URL}/live/tokens.js")
    assert tokens.status_code == 200 and "THEMES" in tokens.text
    assert not (paths.ASSETS / "live" / "tokens.js").exists()
    # Another theme has another address, so that browsers do not mix it with older files.
    assert paths.ASSETS_URL.endswith(paths._version())
    monkeypatch.setattr(theme, "module", lambda: "export const THEMES = {};")
    assert not paths.ASSETS_URL.endswith(paths._version())


def test_a_browser_may_ask_whether_its_run_is_known(site):
    client, base = site
    session = SCHEDULER.create(Spec())
    try:
        known = client.get(f"{base}/live/{session.token}")
        assert known.json() == {"ganlab": "live", "known": True}
        assert known.headers["cache-control"] == "no-store"
    finally:
        SCHEDULER.drop(session)
    assert client.get(f"{base}/live/{session.token}").json()["known"] is False
    assert client.post(f"{base}/live/{session.token}").status_code == 405


def test_every_answer_has_the_security_headers(site):
    client, base = site
    for path in ("/two", "/live/nonsense", f"/{paths.ASSETS_URL}/live/live.js", "/live/a/b/c"):
        headers = client.get(f"{base}{path}").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert rules["default-src"] == rules["frame-ancestors"] == "'self'"
        assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(rules["script-src"].split())
        assert not any("http" in rule or "*" in rule for rule in rules.values())


def rules(monkeypatch, **environment) -> dict[str, str]:
    for name in (EMBED, POLICY):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(f"GANLAB_{name}", value)
    return {name.decode(): value.decode() for name, value in security_headers("")}


def test_a_teacher_may_allow_frames_and_an_operator_another_policy(monkeypatch):
    given = rules(monkeypatch, EMBED="https://moodle.example.org, https://*.example.net:8443")
    ancestors = "frame-ancestors 'self' https://moodle.example.org https://*.example.net:8443"
    assert given["content-security-policy"].split("; ")[-1] == ancestors
    assert "x-frame-options" not in given
    anybody = rules(monkeypatch, EMBED="*")
    assert anybody["content-security-policy"].endswith("; frame-ancestors 'self' *")
    assert "content-security-policy" not in rules(monkeypatch, CSP="off")
    assert rules(monkeypatch, CSP="default-src *")["content-security-policy"] == "default-src *"
    for bad in (
        "moodle.example.org",
        "https://a;script-src *",
        "javascript:x",
        "https://a/b",
        "'none'",
    ):
        with pytest.raises(SpecError, match=EMBED):
            rules(monkeypatch, EMBED=bad)
        monkeypatch.setattr(server, "serve", lambda options, greeting: 0)
        assert main(["app", "--embed", bad]) == 2
    assert main(["app", "--embed", "https://moodle.example.org"]) == 0
    assert embedders() == ("https://moodle.example.org",)


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_streamlits_page_is_told_its_server(coding):
    """Otherwise it looks for it, and the console reports two answers of 404."""
    html = Path(file_util.get_static_dir(), "index.html").read_text()

    async def page(request):
        if "as" in request.query_params:  # anything else passes as it is
            return Response(html, media_type=request.query_params["as"])
        return HTMLResponse(html, status_code=int(request.query_params.get("status", 200)))

    inner = Starlette(routes=[Route("/{path:path}", page)], middleware=[Middleware(GZipMiddleware)])
    client = TestClient(Front(inner), headers={"Accept-Encoding": coding})
    got = client.get("/two")
    assert got.headers.get("content-encoding", "identity") == coding
    assert got.text == html.replace("<head>", f"<head>{SCRIPT}{ahead()}") != html
    stored = gzip.compress(got.content) if coding == "gzip" else got.content
    assert int(got.headers["content-length"]) == pytest.approx(len(stored), abs=2)
    for script in (SCRIPT, ahead()):
        digest = base64.b64encode(hashlib.sha256(script[8:-9].encode()).digest()).decode()
        assert f"'sha256-{digest}'" in got.headers["content-security-policy"]
    head = client.head("/two")
    assert head.status_code == 200 and head.content == b""
    for other in ("/two?as=text/plain", "/two?status=500"):
        assert client.get(other).text == html


def test_the_files_loaded_ahead_are_there():
    found = elements()
    names = [Path(path).name.split(".")[0] for path in found]
    assert names == ["BidiComponent", "Html", "NumberInput", "Selectbox", "Slider", "TextInput"]
    for path in found:
        assert (Path(file_util.get_static_dir()) / path).is_file() and f'"{path}"' in ahead()


def test_the_policy_names_the_pages_own_inline_scripts():
    page = addressed((Path(file_util.get_static_dir()) / "index.html").read_text())
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    assert inline, "Streamlit's page has none: the policy can be simpler"
    for text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy(page, ())


def test_a_flood_is_read_in_small_pieces():
    class Protocol:
        transport = SimpleNamespace(max_size=2**18)
        conn = SimpleNamespace(max_message_size=2**24)

        async def receive(self):
            """As uvicorn's."""

    bound_messages(Protocol().receive, 4096)
    assert Protocol.conn.max_message_size == 4096
    assert Protocol.transport.max_size == 8192
    bound_messages(Protocol().receive, 9999)
    assert Protocol.conn.max_message_size == 4096  # never raised
