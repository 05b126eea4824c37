"""Who counts as the operator, and who as a visitor."""

import pytest

from ganlab import rights

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("remote", "headers", "public"),
    [
        ("127.0.0.1", HERE, "localhost"),
        ("::1", {"host": "[::1]:8501", "origin": "http://[::1]:8501"}, "localhost"),
        ("::ffff:127.0.0.1", {"host": "127.0.0.1"}, "localhost"),
        ("127.0.0.1", {"HOST": "127.0.0.1:80"}, "127.0.0.1"),
    ],
)
def test_a_page_on_this_machine(remote, headers, public):
    assert rights.is_local(remote, headers, public)


@pytest.mark.parametrize(
    ("remote", "headers", "public"),
    [
        ("192.168.1.7", HERE, "localhost"),
        (None, HERE, "localhost"),  # a proxy at a Unix socket
        ("", HERE, "localhost"),
        ("127.0.0.1", {}, "localhost"),
        ("127.0.0.1", {"Host": "lab.example.org"}, "localhost"),
        ("127.0.0.1", {"Host": "localhost.example.org"}, "localhost"),
        ("127.0.0.1", {"Host": "127.0.0.1@example.org"}, "localhost"),
        # A proxy that rewrites the host, as nginx does by default.
        ("127.0.0.1", HERE | {"Origin": "https://lab.example.org"}, "localhost"),
        ("127.0.0.1", HERE | {"Origin": "null"}, "localhost"),
        ("127.0.0.1", HERE, "lab.example.org"),
        *(
            ("127.0.0.1", HERE | {name: "127.0.0.1"}, "localhost")
            for name in ("X-Forwarded-For", "x-real-ip", "Forwarded", "Via", "X-Forwarded-Host")
        ),
    ],
)
def test_a_page_elsewhere_or_behind_a_proxy(remote, headers, public):
    assert not rights.is_local(remote, headers, public)


def test_the_token(monkeypatch, capsys):
    monkeypatch.delenv(rights.TOKEN, raising=False)
    made = rights.operator_token()
    assert len(made) >= 20 and made == rights.operator_token()
    rights.announce()
    assert f"/mnist?operator={made}" in capsys.readouterr().err
    assert rights.is_operator_token(f" {made} ")
    for wrong in ("", made[:-1], made + "x", "ä", "None"):
        assert not rights.is_operator_token(wrong)
    monkeypatch.setenv(rights.TOKEN, "chosen by hand")
    assert rights.is_operator_token("chosen by hand") and not rights.is_operator_token(made)
    rights.announce()
    assert capsys.readouterr().err == ""


def test_visitors_are_told_apart_and_their_names_are_not_kept():
    one, two = rights.new_visitor(), rights.new_visitor()
    assert one != two and rights.known_visitor(one) == one
    assert rights.owner_of(one) != rights.owner_of(two) and one not in rights.owner_of(one)
    for wrong in (None, "", "../x", one.upper() + "Z", one + "\n", one[:-1], 5):
        assert rights.known_visitor(wrong) == ""
