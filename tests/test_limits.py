"""Limits of a server, from options of `ganlab app` and from the environment."""

import pytest

from ganlab import SpecError, environment, server
from ganlab.cli import main
from ganlab.environment import check_environment
from ganlab.limits import (
    CLASS,
    CLASS_LIMITS,
    LIMITS,
    check_limits,
    compiling,
    limit,
    limited,
    variable,
)


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


@pytest.mark.parametrize("text, on", [("", 1), ("On", 1), ("1", 1), ("false", 0), (" OFF ", 0)])
def test_the_switch_of_the_compiler(text, on, monkeypatch):
    monkeypatch.setenv("GANLAB_COMPILE", text)
    assert compiling() == on


@pytest.mark.parametrize(
    "name, wrong",
    [
        (variable("sockets"), "many"),
        ("GANLAB_COMPILE", "sometimes"),
        (CLASS, "a few"),
        ("GANLAB_EMBED", "example.org"),
        ("GANLAB_CSP", "default-src\nx-header: 1"),
    ],
)
def test_a_wrong_variable_is_refused_when_the_server_starts(name, wrong, monkeypatch, capsys):
    check_environment()
    monkeypatch.setenv(name, wrong)
    with pytest.raises(SpecError, match=name):
        check_environment()
    assert main(["app"]) == 2 and name in capsys.readouterr().err


def test_a_variable_that_does_not_exist_is_named_with_what_may_be_meant(monkeypatch):
    for name in environment.KNOWN:
        monkeypatch.delenv(name, raising=False)
    assert environment.unknown() == []
    monkeypatch.setenv("GANLAB_CACHE", "/tmp")
    monkeypatch.setenv("GANLAB_UPDATE_SECOND", "1")
    monkeypatch.setenv("GANLAB_PORT_80_TCP", "tcp://10.0.0.1:80")  # as some hosts set by themselves
    port, second = environment.unknown()
    assert "GANLAB_PORT_80_TCP is not a variable" in port and "meant" not in port
    assert "is GANLAB_UPDATE_SECONDS meant?" in second


def test_limited_is_undone(monkeypatch):
    monkeypatch.setenv(variable("sessions"), "7")
    monkeypatch.delenv(variable("sockets"), raising=False)
    with limited(sessions=3, sockets=4):
        assert (limit("sessions"), limit("sockets")) == (3, 4)
    assert (limit("sessions"), limit("sockets")) == (7, LIMITS["sockets"].default)


def test_app_hands_its_options_to_the_server(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(server, "serve", lambda options, greeting: seen.append(options) or 0)
    monkeypatch.setenv(variable("update_seconds"), "9")
    assert main(["app", "--update-seconds", "0.25", "--server.port", "9000"]) == 0
    assert limit("update_seconds") == 0.25 and seen == [["--server.port", "9000"]]
    assert main(["app", "--quiet"]) == 0 and seen.pop() == [f"--{server.QUIET}=true"]
    assert main(["app", "--sessions", "none"]) == 2
    assert "sessions" in capsys.readouterr().err and len(seen) == 1


def test_a_class_has_limits_of_its_own_which_options_and_variables_change(monkeypatch):
    monkeypatch.setenv(variable("memory_gb"), "1.5")
    seen = []
    monkeypatch.setattr(server, "serve", lambda *given, **named: seen.append((given, named)) or 0)
    quiet, headless = f"--{server.QUIET}=true", f"--{server.HEADLESS}=true"
    for name in (CLASS, variable("sockets")):  # which the command sets
        monkeypatch.setenv(name, "")
    assert main(["app", "--class", "50", "--sockets", "70", "--server.port", "1"]) == 0
    assert seen.pop() == (([quiet, headless, "--server.port", "1"],), {"greeting": True})
    assert (limit("sessions"), limit("sockets"), limit("memory_gb")) == (150, 70, 1.5)
    assert limit("update_seconds") < LIMITS["update_seconds"].default
    assert main(["app", "--quiet", "--class"]) == 0
    assert seen.pop() == (([quiet, headless],), {"greeting": False})
    assert limit("sessions") == 90
    assert main(["app", "--class", "0"]) == 2 and not seen


def test_the_limits_of_every_class_are_allowed():
    for name, of in CLASS_LIMITS.items():
        for count in (1, 30, 2000):
            assert LIMITS[name].check(of(count)) == of(count)
