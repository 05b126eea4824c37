"""docs/protocol.md agrees with server and front end: all messages and fields, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from live_helpers import SMALL, Browser, press, settle

import ganlab
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.live import commands
from ganlab.live.commands import FigureRequest, SpectrumRequest
from ganlab.live.lab_view import LabView
from ganlab.live.messages import waits
from ganlab.live.session import Session
from ganlab.paths import ASSETS
from ganlab.registry import SpecError

TEXT = (Path(ganlab.__file__).parent.parent / "docs" / "protocol.md").read_text()
MIX = SMALL.replace(target="two_gaussians")
RING = SMALL.replace(target="ring", latent_dim=2)
LETTERS = SMALL.replace(target="categorical", latent_dim=2)
SHOWN = {
    "L0": Experiment.of(LETTERS),
    "C0": Comparison.pair(LETTERS),
    "S0": Experiment.of(LETTERS, 16),
    "L1": Experiment.of(MIX, events="3:k:2"),
    "L2": Experiment.of(RING),
    "C1": Comparison.pair(MIX),
    "C2": Comparison.pair(RING),
    "S1": Experiment.of(MIX, 16),
    "S2": Experiment.of(RING, 16),
}
TYPES = {
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "list": list,
    "object": dict,
    "number or null": (int, float, type(None)),
    "object or null": (dict, type(None)),
    "any": object,
}
JS = {path.name: path.read_text() for path in (ASSETS / "live").glob("*.js")}
# The front end's names of the types of each message.
DECLARED = {
    "scene": "Scene", "frame": "FrameOnly Said", "curves": "Curves", "status": "Status",
    "export": "ExportMessage", "parts": "Parts", "figure": "FigureMessage", "waits": "Waits",
    "spectrum": "SpectrumMessage", "estimates": "EstimatesMessage",
}  # fmt: skip


def rows(text: str, head: str) -> list[list[str]]:
    """The rows of the tables of `text` whose first column is `head`."""
    found, on = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            on = False
        elif cells[0] in ("field", "array", "cmd"):
            on = cells[0] == head
        elif on and not set(cells[0]) <= {"-"} | {""} or (on and head == "cmd" and cells[0] == ""):
            found.append(cells)
    return found


SERVER, BROWSER = TEXT.split("## From the browser")
MESSAGES = {
    part.partition("`")[0]: part.partition("\n")[2]
    for part in SERVER.split("## From the server")[1].split("### `")[1:]
}


def here(view: str, places: str) -> bool:
    """Whether `places` ("LC", "L1 C1 opt") include a view such as L1."""
    kind, dim = view
    words = [word for word in places.split() if word != "opt"]
    return any(kind in word and (not set(word) & set("012") or dim in word) for word in words)


def names(cell: str) -> str:
    return cell.split(",")[0].strip("`*")


def documented(kind: str, view: str, head: str) -> dict[str, tuple[str, bool]]:
    """Name -> (type, whether it may be absent) of a message in a view."""
    table = rows(MESSAGES[kind], head)
    return {names(n): (t, "opt" in at) for n, t, at, _ in table if here(view, at)}


def sent(experiment: Experiment) -> dict[str, list]:
    """All messages of a session of each type."""
    session = Session("t", experiment, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    got = settle(session, browser)[0]
    browser.subscriber.put("waits", waits("computing an update"))  # by the scheduler
    for _ in range(6):
        got += press(session, browser, "step")
    # A new run, in front of the ghost of the old one; symbols have only live knobs.
    if session.spec.axes:
        session.set("minibatch_discrimination", 4)
    else:
        session.command("restart")
    got += settle(session, browser)[0]
    if isinstance(session.view, LabView):
        session.command("explain", True)
        session.command("spectrum", SpectrumRequest(True, 1.0))
        got += settle(session, browser)[0]
    for what in ("python", "run"):
        session.command("export", (browser.subscriber, what))
        got += settle(session, browser)[0]
    if session.view.has_figures:
        session.command("figure", (browser.subscriber, FigureRequest(request=[1])))
        got += settle(session, browser)[0]
    browser.leave()
    out: dict[str, list] = {}
    for header, arrays in got:
        out.setdefault(header["type"], []).append((header, arrays))
    return out


@pytest.mark.parametrize("view", SHOWN)
def test_what_is_sent_is_what_is_documented(view):
    runs = len(SHOWN[view].specs)
    found = sent(SHOWN[view])
    panels = {"parts", "spectrum", "estimates"}
    elsewhere = {"L": {"estimates"}, "C": panels, "S": {*panels, "figure"}}
    elsewhere["L0"] = {"parts", "spectrum"}
    assert set(found) == set(MESSAGES) - elsewhere.get(view, elsewhere[view[0]])
    for kind, messages in found.items():
        fields = documented(kind, view, "field")
        if kind == "figure" and view[0] == "C":
            fields |= {f"picture{i}": fields["picture0"] for i in range(runs)}
        seen_arrays: set[str] = set()
        for header, arrays in messages:
            header = {n: v for n, v in header.items() if n != "type"}
            must = {name for name, (_, optional) in fields.items() if not optional}
            assert must <= set(header) <= set(fields), (kind, set(header) ^ set(fields))
            for name, value in header.items():
                wanted = TYPES[fields[name][0]]
                assert isinstance(value, wanted), (kind, name, value)
                assert not (isinstance(value, bool) and fields[name][0] == "number")
            check_arrays(kind, view, header, arrays, runs, seen_arrays)
        wanted = {n for n, (_, opt) in documented(kind, view, "array").items() if not opt}
        assert wanted - {"series"} <= seen_arrays


def check_arrays(kind, view, header, arrays, runs, seen) -> None:
    known = documented(kind, view, "array")
    for name, array in arrays.items():
        base, dot, number = name.rpartition(".")
        if name.startswith("ghost."):
            stem = "ghost."
        elif kind in ("parts", "spectrum") and dot:
            stem = f"{base}."
        elif kind == "curves" and (name == "iteration" or name in header["series"]):
            stem = "iteration"
        elif view[0] == "C" and kind != "export":
            assert dot and int(number) < runs, name
            stem = base
        else:
            stem = name
        seen.add(stem)
        code, _, shape = known[stem][0].partition(" ")
        assert array.dtype == np.dtype(code), name
        places = shape.strip("()").rstrip(",").split(",")
        assert "..." in shape or len(places) == array.ndim, (name, shape)
        for place, size in zip(places, array.shape, strict=False):
            assert not place.strip().isdigit() or int(place) == size, (name, shape)


GOOD = {"number": 1, "string": "run", "boolean": True, "list": ["d"], "any": {"a": [1]}}
BAD = {"number": "1", "string": 3, "boolean": 1, "list": "d"}
DRAWN = {"draw_curve": {"heights": [0, 2, 1]}, "draw_ink": {"ink": "A" * 2731 + "="}}


def documented_commands() -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    cmd = ""
    for name, field, kind, _ in rows(BROWSER, "cmd"):
        cmd = name.strip("`") or cmd
        out.setdefault(cmd, {})
        if field:
            out[cmd][field.strip("`")] = kind
    return out


COMMANDS = documented_commands()


def test_every_command_is_documented_with_its_fields_and_types():
    assert set(COMMANDS) == set(commands.COMMANDS)
    for cmd, fields in COMMANDS.items():
        message = {"cmd": cmd, **{name: GOOD[kind] for name, kind in fields.items()}}
        message |= DRAWN.get(cmd, {})
        read = commands.read(message)
        assert read.name == cmd
        if cmd == "figure":
            for name, kind in fields.items():  # fields of the wrong type are left out
                bad = FigureRequest.read(message | {name: BAD.get(kind, 3)})
                assert kind in ("any", "string") or getattr(bad, name) == getattr(
                    FigureRequest(), name
                )
            continue
        if cmd == "set":
            assert read.value == commands.Change("run", {"a": [1]})
            continue
        for name, kind in fields.items():
            with pytest.raises(SpecError):
                commands.read(message | {name: BAD[kind]})
            with pytest.raises(SpecError):
                commands.read({n: v for n, v in message.items() if n != name})
    assert set(FigureRequest.__dataclass_fields__) == set(COMMANDS["figure"])


def test_every_command_of_the_socket_has_its_work():
    from ganlab.live import conversation, handlers

    own = set(handlers.HANDLERS) - set(commands.COMMANDS)
    named = {"begin", "change", "do", "hello", "look", "note", "refuse", "resume", "tell"}
    assert own == named | {"watched"}
    by_socket = set(commands.COMMANDS) - set(handlers.HANDLERS)
    assert by_socket == {"ack", "visible", "seed", "set", "draw_curve", "draw_ink"}
    code = Path(conversation.__file__).read_text()
    assert all(f'"{name}"' in code for name in by_socket)


def test_what_a_class_sends_is_documented():
    section = TEXT.split("## A class that follows")[1].split("\n## ")[0]
    sent = {n: set(re.findall(r'cmd: "(\w+)"', JS[n])) for n in ("teacher.js", "follow.js")}
    assert sent["teacher.js"] == {"enter", "ask", "reveal", "withdraw", "show", "end"}
    assert sent["follow.js"] == {"answer"}
    assert all(f"`{name}`" in section for names in sent.values() for name in names)


def test_what_the_front_end_sends_is_documented():
    others = {"teacher.js", "follow.js"}  # which have sockets of their own
    code = "\n".join(t for n, t in JS.items() if not n.startswith("mnist") and n not in others)
    literals = re.findall(r"\{\s*cmd: (\"\w+\"|[^,{}]*?)((?:,[^{}]*)?)\}", code)
    assert len(literals) > 10
    for name, rest in literals:
        rest = re.sub(r"\([^()]*\)|\[[^\]]*\]", "", rest)
        fields = re.findall(r"(?:^|,)\s*(?!\.\.\.)(\w+)", rest)
        for cmd in re.findall(r'(?<!=== )"(\w+)"', name):
            assert cmd in COMMANDS, cmd
            assert set(fields) <= set(COMMANDS[cmd]) | {"size"}, (cmd, fields)
    for cmd in COMMANDS:
        assert f'"{cmd}"' in code, f"nobody sends {cmd}"


def test_what_the_front_end_reads_is_documented_and_what_it_does_not_read_is_said():
    shell = JS["shell.js"]
    assert set(re.findall(r'message\.type === "(\w+)"', shell)) == set(MESSAGES)
    for kind, types in DECLARED.items():
        # A label is of one run of a scene, an axis of charts.
        read = set().union(*map(declared_fields, types.split())) - {"type", "label", "axis"}
        table = rows(MESSAGES[kind], "field")
        known = {names(row[0]): row[3] for row in table}
        assert read <= set(known), (kind, read - set(known))
        unread = {n for n, what in known.items() if "unread" in what}
        if kind != "figure":
            assert set(known) - read == unread, kind


def declared_fields(name: str) -> set[str]:
    """The fields of the type of that name in types.js."""
    comments = re.findall(r"/\*\*.*?\*/", JS["types.js"], re.S)
    for text in comments:
        if f"@typedef {{object}} {name} " in text:
            return set(re.findall(r"@property \{.*\} \[?(\w+)", text))
    (text,) = (c for c in comments if re.search(rf"\}} {name}\b[^{{}}]*$", c))
    start = text.index("{", text.index("@typedef {") + len("@typedef {"))
    depth, end = 1, start
    while depth:
        end += 1
        depth += {"{": 1, "}": -1}.get(text[end], 0)
    flat = re.sub(r"\{[^{}]*\}|<[^<>]*>|\[[^\]]*\]", "", text[start + 1 : end])
    return set(re.findall(r"(\w+)\??:", flat))
