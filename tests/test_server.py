"""`ganlab app`, started and stopped as an operator does."""

import asyncio.base_events
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from ganlab import health, machine, qr, server
from ganlab.limits import variable
from tests.browser.server import ROOT, free_port


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "number, options",
    [(signal.SIGINT, ["--quiet", "--server.headless", "true"]), (signal.SIGTERM, ["--class", "7"])],
    ids=["ctrl-c", "sigterm, of a class"],
)
def test_the_app_serves_until_it_is_stopped_and_leaves_nothing(
    tmp_path, number, options, monkeypatch
):
    port = free_port()
    command = [sys.executable, "-m", "ganlab", "app", *options]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with (tmp_path / "log.txt").open("w+b") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            end = time.monotonic() + 90
            while time.monotonic() < end and process.poll() is None:
                try:
                    url = f"http://127.0.0.1:{port}/_stcore/health"
                    assert urllib.request.urlopen(url, timeout=5).status == 200
                    if "--quiet" in options or "This machine" in text(tmp_path):
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(port))
            assert health.main() == 0
            process.send_signal(number)
            assert process.wait(timeout=30) == 0, (tmp_path / "log.txt").read_text()
        finally:
            process.kill()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "somebody still listens"
    assert health.main() == 1
    said = text(tmp_path)
    if "--quiet" in options:
        assert said.strip() == ""
        return
    assert re.search("/mnist[?]operator=[^ ]{20}", said)
    assert f"class of 7. Students open:  http://127.0.0.1:{port}/\n" in said
    assert "No other machine can open this address" in said
    assert qr.terminal(f"http://127.0.0.1:{port}/").splitlines()[2] in said  # tests/test_qr.py
    count, cores, ms = re.search(
        r"about (\d+) students, .*\n.* ([\d.]+) cores and ([\d.]+) ms for a picture", said
    ).groups()
    assert float(cores) == machine.cores() and 0 < int(count) < 1000 and 0 < float(ms) < 100
    assert "Streamlit" not in said and "Traceback" not in said


def text(folder) -> str:
    return (folder / "log.txt").read_text()


@pytest.mark.parametrize("wrong", ["--nonsense", "word"])
def test_arguments_that_streamlit_does_not_know_are_refused(wrong, capsys, monkeypatch):
    monkeypatch.setattr(server.signal, "signal", lambda *_: None)
    assert server.serve(["--server.port", "1", wrong]) == 2
    assert f"'{wrong}'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, wrong, says",
    [
        (variable("sockets"), "many", "GANLAB_SOCKETS = 'many' is not allowed"),
        ("GANLAB_VARIANTS", "no_such_module", "GANLAB_VARIANTS names 'no_such_module'"),
    ],
    ids=["limit", "variants"],
)
def test_a_bad_variable_of_the_environment_is_refused_by_streamlit_run_too(name, wrong, says):
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "ganlab" / "app.py")]
    command += ["--server.headless", "true", "--server.port", str(free_port())]
    environment = {**os.environ, name: wrong}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert says in done.stderr


def test_connections_send_small_messages_at_once(monkeypatch):
    """Of a server with a listening socket as Streamlit's, which names no protocol."""
    monkeypatch.setattr(asyncio.base_events, "_set_nodelay", asyncio.base_events._set_nodelay)
    server.send_at_once()

    async def accepted() -> int:
        found: asyncio.Queue[int] = asyncio.Queue()

        def connected(_, writer):
            one = writer.get_extra_info("socket")
            found.put_nowait(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with socket.socket(socket.AF_INET) as listening:
            assert listening.proto == 0
            listening.bind(("127.0.0.1", 0))
            async with await asyncio.start_server(connected, sock=listening):
                await asyncio.open_connection(*listening.getsockname())
                return await found.get()

    assert asyncio.run(accepted()) != 0
