"""What is answered beside Streamlit's pages: under its base path, with what headers."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ganlab import paths
from ganlab.front import Front
from ganlab.live.hub import HUB
from ganlab.spec import Spec
from tests.settings import settings


@pytest.fixture(params=["", "lab", "/a/b/"])
def site(request):
    """(client, base path) of an app that answers "pages" to all but what is ours."""

    async def pages(_):
        return PlainTextResponse("pages")

    with settings({"server.baseUrlPath": request.param}):
        app = Front(Starlette(routes=[Route("/{path:path}", pages)]))
    base = request.param.strip("/")
    yield TestClient(app), f"/{base}" if base else ""


def test_the_front_end_lies_under_the_base_path(site):
    client, base = site
    script = client.get(f"{base}/{paths.ASSETS_URL}/live/live.js")
    assert script.status_code == 200 and "javascript" in script.headers["content-type"]
    assert script.text == (paths.ASSETS / "live" / "live.js").read_text()
    assert script.headers["content-encoding"] == "gzip" and "ETag" in script.headers
    plain = client.get(
        f"{base}/{paths.ASSETS_URL}/live/live.js", headers={"Accept-Encoding": "identity"}
    )
    assert "content-encoding" not in plain.headers and plain.text == script.text
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2
    assert client.get(f"{base}/{paths.PLOTLY_URL}/plotly.min.js").status_code == 200
    for missing in ("live/nothing.js", "../pyproject.toml", "%2e%2e/pyproject.toml", ""):
        assert client.get(f"{base}/{paths.ASSETS_URL}/{missing}").status_code in (400, 404)
    # Another version's: not Streamlit's page, which is no script.
    assert client.get(f"{base}/ganlab-assets/000000000000/live/live.js").status_code == 404
    if base:
        assert client.get(f"/{paths.ASSETS_URL}/live/live.js").text == "pages"
    assert client.get(f"{base}/one").text == client.get(f"{base}/lively").text == "pages"


def test_a_browser_may_ask_whether_its_run_is_known(site):
    client, base = site
    session = HUB.create(Spec())
    try:
        known = client.get(f"{base}/live/{session.token}")
        assert known.json() == {"ganlab": "live", "known": True}
        assert known.headers["cache-control"] == "no-store"
    finally:
        HUB.drop(session)
    assert client.get(f"{base}/live/{session.token}").json()["known"] is False
    assert client.post(f"{base}/live/{session.token}").status_code == 405
