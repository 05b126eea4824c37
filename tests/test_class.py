"""What `ganlab app --class` prints: the address for students, and how many a machine carries."""

import pytest
from streamlit import config

from ganlab import classroom, machine
from ganlab.classroom import Carried, carried

LAN = "10.1.2.3"


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, f"http://{LAN}:8501/"),
        ({"server.address": "0.0.0.0", "server.baseUrlPath": "/lab/"}, f"http://{LAN}:8501/lab/"),
        ({"server.address": "::", "server.port": 80}, f"http://{LAN}/"),
        ({"server.address": "192.168.7.1"}, "http://192.168.7.1:8501/"),
        ({"server.address": "fd00::2"}, "http://[fd00::2]:8501/"),
        ({"server.sslCertFile": "lab.pem", "server.port": 8443}, f"https://{LAN}:8443/"),
        (
            {
                "server.address": "127.0.0.1",
                "server.baseUrlPath": "lab",
                "browser.serverAddress": "lab.example.org",
                "browser.serverPort": 443,
            },
            "https://lab.example.org/lab/",
        ),
    ],
)
def test_the_address_is_one_that_students_can_open(options, expected, monkeypatch):
    defaults = {"server.port": 8501, "server.baseUrlPath": "", "server.sslCertFile": ""}
    monkeypatch.setattr(config, "get_option", (defaults | options).get)
    monkeypatch.setattr(config, "is_manually_set", options.__contains__)
    monkeypatch.setattr(classroom, "own_address", lambda: LAN)
    assert classroom.address() == expected
    assert not classroom.only_here(expected)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_an_address_that_nobody_else_can_open_is_known(host):
    assert classroom.only_here(f"http://{host}:8501/")


def test_a_machine_carries_what_was_measured():
    """Thirty students had 14.4 pictures/s on 2 cores; three quarters of them while they click."""
    most = carried(cores=2, picture_ms=0.81, free_mb=None, processes=2)
    assert most.students == pytest.approx(0.75 * 30 * 14.4 / 10, rel=0.1)
    assert most.by == "cores"


def test_a_machine_carries_less_with_less():
    full = {"cores": 4, "picture_ms": 0.6, "free_mb": 16000.0, "processes": 4}
    most = carried(**full).students
    for change in ({"cores": 2}, {"picture_ms": 1.2}, {"processes": 1}, {"free_mb": 1500.0}):
        assert carried(**full | change).students < most
    assert carried(**full | {"free_mb": 0.0}) == Carried(0, "memory")
    # One process of the server passes all frames on, however many cores there are.
    assert carried(64, 0.6, None, 64) == carried(128, 0.6, None, 64)
    assert carried(64, 0.6, None, 64).by == "server"


def test_a_container_has_its_own_cores_and_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert machine.cores() == machine.whole_cores() == 8
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.cores() == 8
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert (machine.cores(), machine.whole_cores()) == (1.5, 2)
    meminfo = tmp_path / "meminfo"
    monkeypatch.setattr(machine, "_MEMINFO", meminfo)
    assert machine.free_mb() is None
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\n")
    assert machine.free_mb() == 6000
    for name, text in (("max", "max"), ("current", "1000000000")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert machine.free_mb() == 6000
    (tmp_path / "memory.max").write_text("3000000000")
    assert machine.free_mb() == 2000
