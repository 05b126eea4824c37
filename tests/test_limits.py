"""Limits of a server, from options of `ganlab app` and from the environment."""

import pytest

from ganlab import SpecError, server
from ganlab.cli import main
from ganlab.limits import LIMITS, check_limits, limit, limited, variable


@pytest.mark.parametrize("name", LIMITS)
def test_environment_and_default(name, monkeypatch):
    param = LIMITS[name]
    monkeypatch.delenv(variable(name), raising=False)
    assert limit(name) == param.default
    monkeypatch.setenv(variable(name), param.format(param.high))
    assert limit(name) == param.high
    for wrong in ("many", "-1", "nan", "1e99"):
        monkeypatch.setenv(variable(name), wrong)
        with pytest.raises(SpecError, match=variable(name)):
            check_limits()


def test_limited_is_undone(monkeypatch):
    monkeypatch.setenv(variable("sessions"), "7")
    monkeypatch.delenv(variable("sockets"), raising=False)
    with limited(sessions=3, sockets=4):
        assert (limit("sessions"), limit("sockets")) == (3, 4)
    assert (limit("sessions"), limit("sockets")) == (7, LIMITS["sockets"].default)


def test_app_hands_its_options_to_the_server(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(server, "serve", lambda options: seen.append(options) or 0)
    monkeypatch.setenv(variable("update_seconds"), "9")
    assert main(["app", "--update-seconds", "0.25", "--server.port", "9000"]) == 0
    assert limit("update_seconds") == 0.25 and seen == [["--server.port", "9000"]]
    assert main(["app", "--sessions", "none"]) == 2
    assert "sessions" in capsys.readouterr().err and len(seen) == 1
