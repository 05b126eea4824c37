"""The files for the browser: their caching headers, and their sizes on the wire."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from pathlib import Path

import plotly
import pytest

from ganlab import bundle, paths
from ganlab.files import ENTRIES

SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY = f"/{paths.PLOTLY_URL}/plotly.min.js"
LIVE = paths.ASSETS / "live"
ASSET, COMMON = (f"/{paths.ASSETS_URL}/live/{name}" for name in (bundle.WORDS, bundle.COMMON))


def fetch(url: str, **headers: str):
    """(status, headers, body) of a GET; urllib neither requests nor undoes an encoding."""
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=asked), timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read()


def test_plotly_is_kept_for_ever_under_an_address_with_its_version(server):
    assert plotly.__version__ in PLOTLY.split("/")
    status, headers, body = fetch(server.url + PLOTLY, Accept_Encoding="gzip, deflate")
    assert status == 200 and headers["content-encoding"] == "gzip"
    assert (
        "immutable" in headers["cache-control"] and "max-age=31536000" in headers["cache-control"]
    )
    assert int(headers["content-length"]) == len(body) < 0.4 * SCRIPT.stat().st_size
    assert gzip.decompress(body) == SCRIPT.read_bytes()
    assert "accept-encoding" in headers["vary"].lower() and "javascript" in headers["content-type"]
    # Compressed once: the same bytes, at once.
    assert fetch(server.url + PLOTLY, Accept_Encoding="gzip")[2] == body
    status, headers, body = fetch(server.url + PLOTLY)
    assert status == 200 and "content-encoding" not in headers and body == SCRIPT.read_bytes()


def test_a_part_of_plotly_is_a_part_of_the_plain_file(server):
    status, headers, body = fetch(server.url + PLOTLY, Accept_Encoding="gzip", Range="bytes=5-24")
    assert status == 206 and "content-encoding" not in headers
    assert body == SCRIPT.read_bytes()[5:25]


@pytest.mark.parametrize("path", [PLOTLY, ASSET, COMMON], ids=["plotly", "asset", "all"])
def test_what_has_not_changed_is_not_sent_again(server, path):
    _, headers, body = fetch(server.url + path, Accept_Encoding="gzip")
    again = fetch(server.url + path, Accept_Encoding="gzip", If_None_Match=headers["etag"])
    assert (again[0], again[2]) == (304, b"") and len(body) > 500
    assert again[1]["cache-control"] == headers["cache-control"]
    changed = fetch(server.url + path, Accept_Encoding="gzip", If_None_Match='"other"')
    assert (changed[0], changed[2]) == (200, body)


def test_our_own_files_are_asked_for_each_time(server):
    _, headers, body = fetch(server.url + ASSET)
    assert headers["cache-control"] == "no-cache" and headers["etag"]
    assert body == (LIVE / bundle.WORDS).read_bytes()
    _, headers, body = fetch(server.url + COMMON)
    assert headers["cache-control"] == "no-cache" and headers["etag"]
    assert body.decode() == bundle.together(ENTRIES)[bundle.COMMON]


def test_a_view_is_loaded_as_one_file(lab):
    lab.open("/one")
    names = lab.js("performance.getEntriesByType('resource').map((one) => one.name)")
    ours = [name.rpartition("/")[2] for name in names if paths.ASSETS_URL in name]
    assert sorted(ours) == [bundle.COMMON, "live.js", bundle.WORDS]


@pytest.mark.parametrize("path", ["nothing.js", "../app.py", "..%2f..%2fapp.py"])
def test_nothing_else_is_served(server, path):
    for folder in (paths.PLOTLY_URL, paths.ASSETS_URL):
        status, _, body = fetch(f"{server.url}/{folder}/{path}")
        assert status in (400, 404) and b"StaticFiles" not in body
