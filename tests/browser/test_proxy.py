"""Behind a real nginx and a real Caddy: TLS, a base path, a rewritten Host, time-outs, sockets."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from socket import create_connection
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ganlab import paths
from ganlab.limits import limit
from ganlab.live.wire import MOST_TEXT, decode

from . import caddy, nginx
from .server import Server, free_port

NAME = "lab.example.org"
# The server of docs/operating.md, with a session made by the test and frequent pings.
_PREPARE = """
from ganlab import Spec
from ganlab.live.scheduler import SCHEDULER
session = SCHEDULER.create(Spec())
print('token', session.token, flush=True)
"""
_SETTINGS = {
    "server.baseUrlPath": "lab",
    "browser.serverAddress": NAME,
    "server.websocketPingInterval": "1",
}
_UPGRADE = """
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
"""
_MORE = """
server {{
    listen 127.0.0.1:{rewritten};
    location / {{
        proxy_pass {up};
        proxy_set_header Host $host;
        {upgrade}
    }}
}}
server {{
    listen 127.0.0.1:{hasty};
    proxy_read_timeout 2s;
    location / {{
        proxy_pass {up};
        proxy_set_header Host $http_host;
        {upgrade}
    }}
}}
server {{
    listen 127.0.0.1:{plain};
    location / {{
        proxy_pass {up};
        proxy_set_header Host $http_host;
        {upgrade}
    }}
    location /lab/live/ {{
        proxy_pass {up};
        proxy_set_header Host $http_host;
    }}
}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Addresses by the proxy's configuration, the server's token, and a TLS context."""
    if nginx.find() is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("proxy")
    names = ("tls", "rewritten", "hasty", "plain")
    ports = {name: free_port() for name in names}
    pem, key = nginx.certificate(folder)
    with Server(folder / "log.txt", _PREPARE, _SETTINGS) as server:
        port = httpx.URL(server.url).port
        text = nginx.documented()
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{ports['tls']} ssl"),
            ("/etc/ssl/lab.pem", str(pem)),
            ("/etc/ssl/lab.key", str(key)),
            ("http://127.0.0.1:8501", f"http://127.0.0.1:{port}"),
        ):
            assert text.count(old) == 1, f"the operators' page no longer says {old}"
            text = text.replace(old, new)
        text += _MORE.format(up=f"http://127.0.0.1:{port}", upgrade=_UPGRADE, **ports)
        with nginx.Nginx(folder, text, list(ports.values())):
            urls = {name: f"http://127.0.0.1:{p}" for name, p in ports.items()}
            urls["tls"] = urls["tls"].replace("http", "https")
            token = re.search(r"token (\S+)", server.log)[1]
            context = ssl.create_default_context(cafile=str(pem))
            more = {"token": token, "context": context, "ports": ports, "server": server}
            yield SimpleNamespace(**urls, **more, certificate=(pem, key))


@pytest.fixture(scope="module")
def through_caddy(site, tmp_path_factory):
    """The same server and certificate behind a Caddy."""
    if caddy.find() is None:
        pytest.skip("Caddy is not installed")
    folder, port = tmp_path_factory.mktemp("caddy"), free_port()
    text = caddy.documented(port, httpx.URL(site.server.url).port, *site.certificate)
    with caddy.Caddy(folder, text, port):
        urls = {"tls": f"https://127.0.0.1:{port}"}
        yield SimpleNamespace(**(vars(site) | urls | {"ports": {"tls": port}}))


LIVE, STREAM = "live", "_stcore/stream"


def socket(site, name: str, kind: str, host: str = "", origin: str = ""):
    """A WebSocket through one of nginx's servers, with the headers of a page of that host.

    Not of `websockets.sync`: there, two threads use one TLS connection, which Python does not
    guard, and closing it may wait forever.
    """
    scheme, port = ("wss" if name == "tls" else "ws"), site.ports[name]
    path = f"live/{site.token}" if kind == LIVE else kind
    return connect(
        f"{scheme}://{host or f'127.0.0.1:{port}'}/lab/{path}",
        sock=create_connection(("127.0.0.1", port), 10),
        origin=origin or getattr(site, name),
        ssl=site.context if name == "tls" else None,
        server_hostname="127.0.0.1" if name == "tls" else None,
        compression=None,
        ping_interval=None,
        max_size=None,
    )


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine, in a thread of its own: Playwright's event loop is in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def received(ws):
    """The next message, within ten seconds."""
    return asyncio.wait_for(ws.recv(), 10)


def outcome(site, name: str, kind: str, **page: str) -> int:
    """The outcome of opening a socket: 101, or the status or close code of the refusal."""

    async def opened() -> int:
        async with socket(site, name, kind, **page) as ws:
            # Streamlit does not open a refused socket, and is silent until the client sends.
            if kind == LIVE:
                assert decode(await received(ws))[0]["type"] == "scene"
            return 101

    try:
        return run(opened())
    except ConnectionClosed as closed:
        return closed.rcvd.code
    except InvalidHandshake as refused:
        return refused.response.status_code


def reply(site, kind: str, message: str | bytes) -> int | str:
    """The answer to a message: the code of a close, or the live view's message.

    1006 is a close that was cut off: a client that is still sending may not read the reason.
    """

    async def answered() -> str:
        async with socket(site, "tls", kind) as ws:
            await ws.send(message)
            while True:
                header, _ = decode(await received(ws))
                if header.get("message"):
                    return header["message"]

    try:
        return run(answered())
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


@pytest.mark.parametrize("proxy", ["site", "through_caddy"])
def test_all_is_served_through_tls_under_the_base_path(proxy, request):
    site = request.getfixturevalue(proxy)
    with httpx.Client(verify=site.context, base_url=site.tls) as client:
        for path in ("/lab/", "/lab/two", "/lab/_stcore/health"):
            assert client.get(path).status_code == 200
        assert client.get("/lab").headers["location"].endswith("/lab/")
        for path in (f"{paths.ASSETS_URL}/live/common.js", f"{paths.PLOTLY_URL}/plotly.min.js"):
            answer = client.get(f"/lab/{path}")
            assert "javascript" in answer.headers["content-type"] and len(answer.content) > 5000
        assert client.get(f"/lab/live/{site.token}").json()["known"] is True
        assert client.get("/lab/live/nonsense").json()["known"] is False
    assert outcome(site, "tls", LIVE) == outcome(site, "tls", STREAM) == 101


@pytest.mark.parametrize(
    ("name", "host", "origin", "good"),
    [
        ("rewritten", f"{NAME}:PORT", f"http://{NAME}:PORT", True),
        ("rewritten", "127.0.0.1:PORT", "http://127.0.0.1:PORT", True),
        ("tls", NAME, f"https://{NAME}", True),
        ("tls", NAME, "https://evil.example", False),
        ("rewritten", f"{NAME}:PORT", f"http://{NAME}.evil.example:PORT", False),
        ("rewritten", f"{NAME}:PORT", "null", False),
    ],
)
def test_the_live_socket_is_allowed_what_streamlits_own_is(site, name, host, origin, good):
    port = str(site.ports[name])
    page = {"host": host.replace("PORT", port), "origin": origin.replace("PORT", port)}
    assert outcome(site, name, STREAM, **page) == (101 if good else 403)
    assert outcome(site, name, LIVE, **page) == (101 if good else 4403)


def test_a_silent_connection_outlives_a_hasty_proxy(site):
    async def silent() -> None:
        async with socket(site, "hasty", LIVE) as ws:
            await ws.send('{"cmd": "pause"}')
            end = time.monotonic() + 5  # more than twice the proxy's time-out
            while (left := end - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(ws.recv(), left)
                except TimeoutError:
                    break
            await ws.send('{"cmd": "step"}')
            assert decode(await received(ws))
            await ws.send('{"cmd": "play"}')

    run(silent())


def test_a_message_is_bounded_before_it_is_assembled(site):
    most = int(1e6 * limit("message_mb"))
    # In this order, because the answer to a message goes to all browsers of the run.
    assert reply(site, LIVE, "x" * (4 * MOST_TEXT + 1)) in (1009, 1006)
    assert f"at most {MOST_TEXT} characters" in reply(site, LIVE, "x" * 4 * MOST_TEXT)
    # Not a valid message of Streamlit's, but it is parsed.
    assert reply(site, STREAM, b"\xff" * most) == 1002
    assert reply(site, STREAM, b"\xff" * (most + 1)) in (1009, 1006)


def test_without_an_upgrade_the_server_still_says_that_it_knows_the_run(site):
    assert outcome(site, "plain", LIVE) not in (101, 4403, 4404)
    assert httpx.get(f"{site.plain}/lab/live/{site.token}").json()["known"] is True


def test_the_pages_work_through_the_proxy(site, browser, new_lab):
    with browser.new_context(
        ignore_https_errors=True, viewport={"width": 1280, "height": 720}
    ) as context:
        lab = new_lab(base=f"{site.tls}/lab", context=context).open("/?seed=3")
        assert lab.js("live.socket.url").startswith(f"{site.tls.replace('http', 'ws')}/lab/live/")
        lab.page.get_by_role("link", name="2-D lab").click()
        lab.wait("location.pathname === '/lab/two' && ganlab.mounts === 2 && ganlab.frames > 3")
        lab.page.get_by_role("link", name="Many seeds").click()
        lab.get("tile-1").click()
        lab.wait("location.pathname === '/lab/two' && ganlab.mounts === 4")
        lab.moves()
        # The plain server forwards no WebSockets for the live view.
        lab.page.goto(f"{site.plain}/lab/one")
        words = "a proxy in between must forward WebSockets on /lab/live/"
        expect(lab.get("message")).to_contain_text(words)
        lab.console.clear()
