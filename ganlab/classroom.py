"""A server for a class: its address, a QR code, and how many students this machine can carry."""

from __future__ import annotations

import ipaddress
import socket
import statistics
import sys
import time
from typing import NamedTuple

from ganlab import machine, qr
from ganlab.limits import limit, students

FRAMES = 10.0  # per second and student, below which a picture no longer seems to move
# What one frame of one student costs on a core, of which a turn of training is the least part that
# does not depend on the machine. Pictures' times are the measure of the rest: metrics, messages and
# sockets as well. Thirty students gave 216 frames per second and core where a picture takes 0.81 ms
# (`benchmarks/classroom.py`, see docs/performance.md); 6 % less are counted on.
_TURN_MS, _PICTURES_A_FRAME = 1.6, 4.1
_SERVERS_PICTURES = 2.7  # the part of the server itself, which uses one core
_CLICKING = 0.75  # the frames while everybody clicks and Specs differ: `benchmarks/classroom.py`
_SERVER_MB, _PROCESS_MB, _STUDENT_MB = 450, 200, 10
_EAGERLY, _PICTURES = 15, 25  # the first are not counted: after some of them they are traced
_NOWHERE = "192.0.2.1", 9  # for documentation (RFC 5737); nothing is sent there


class Carried(NamedTuple):
    """How many students a machine carries, and what limits them."""

    students: int
    by: str  # a key of `_LIMITED`


_LIMITED = {"cores": "its cores", "server": "one process of the server", "memory": "its memory"}


def carried(cores: float, picture_ms: float, free_mb: float | None, processes: int) -> Carried:
    """How many students get at least `FRAMES` pictures per second.

    cores: that the server may use. picture_ms: CPU time of one picture. free_mb: memory that the
    server may use; None: not known. processes: that compute the runs of a class; 0: the server.
    """
    used = min(cores, processes + 1.0)
    frames = used * 1000 / (_TURN_MS + _PICTURES_A_FRAME * picture_ms)
    served = 1000 / (_SERVERS_PICTURES * picture_ms)
    found = [
        Carried(int(_CLICKING * frames / FRAMES), "cores"),
        Carried(int(_CLICKING * served / FRAMES), "server"),
    ]
    if free_mb is not None:
        room = free_mb - _SERVER_MB - _PROCESS_MB * processes
        found.append(Carried(max(0, int(room / _STUDENT_MB)), "memory"))
    return min(found)


def picture_ms() -> float:
    """The CPU time of a picture of the 2-D lab on this machine, in ms, measured in 0.1 s."""
    from ganlab import Run
    from ganlab.engine.snapshot import points_for
    from ganlab.engine.threads import one_thread
    from ganlab.live.messages import picture
    from ganlab.presets import DEFAULTS

    run, took = Run(DEFAULTS[2]), []
    points = points_for(run.game)
    with one_thread():
        for _ in range(_EAGERLY + _PICTURES):
            started = time.thread_time()
            picture(run.game, run.state, (run.spec,), 0, "G", points, "coarse")
            took.append(time.thread_time() - started)
    return 1000 * statistics.median(took[_EAGERLY:])


def address() -> str:
    """The address to give to students, from Streamlit's settings once the server has its port.

    It is that of `browser.serverAddress`, of `server.address`, or this machine's in its network.
    """
    from streamlit import config

    def chosen(name: str) -> str:
        return str(config.get_option(name)).strip("/") if config.is_manually_set(name) else ""

    public = chosen("browser.serverAddress")
    listens = chosen("server.address")
    host = public or ("" if listens in ("0.0.0.0", "::") else listens) or own_address()
    port = int(chosen("browser.serverPort") or config.get_option("server.port"))
    secure = bool(config.get_option("server.sslCertFile")) or port == 443
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    return written(host, port, secure, base)


def written(host: str, port: int, secure: bool, base: str) -> str:
    """An address as a person types it: without the scheme's own port."""
    try:
        host = f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        pass  # a name
    place = "" if port == (443 if secure else 80) else f":{port}"
    return f"{'https' if secure else 'http'}://{host}{place}/" + (f"{base}/" if base else "")


def own_address() -> str:
    """The address of this machine in its network; 127.0.0.1 if it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def only_here(place: str) -> bool:
    """Whether an address is one that other machines cannot open."""
    from urllib.parse import urlsplit

    host = urlsplit(place).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def welcome(place: str) -> str:
    """What is printed for the teacher when the server listens: the address and its QR code."""
    from streamlit import config

    lines = ["", f"  ganlab for a class of {students()}. Students open:  {place}", ""]
    if only_here(place):
        lines += _ONLY_HERE
    elif machine.in_container() and not config.is_manually_set("browser.serverAddress"):
        lines += _IN_A_CONTAINER
    encoding = sys.stderr.encoding or ""
    if encoding.lower().replace("-", "") == "utf8":
        lines += [f"  {line}" for line in qr.terminal(place).splitlines()]
    return "\n".join(lines)


_ONLY_HERE = (
    "  No other machine can open this address: connect this machine to the network,",
    "  or name its address there: --browser.serverAddress 192.168.1.20",
    "",
)
_IN_A_CONTAINER = (
    "  This is the container's own address, which students cannot open. Name that of its machine:",
    "  docker run -e STREAMLIT_BROWSER_SERVER_ADDRESS=192.168.1.20 ...",
    "",
)


def forecast() -> str:
    """How many students this machine can carry, from a measurement of a tenth of a second."""
    here, each = machine.cores(), picture_ms()
    most = carried(here, each, machine.free_mb(), int(limit("run_processes")))
    words = (
        f"  This machine should carry about {most.students} students, all at full speed in the 2-D "
        f"lab, with {FRAMES:g} pictures a second\n  for each: computed from {here:g} cores and "
        f"{each:.2f} ms for a picture, limited by {_LIMITED[most.by]}."
    )
    many = students() or 0
    if many > most.students and most.by == "memory":
        words += f"\n  {many} students may not fit into its memory."
    elif many > most.students:
        slower = FRAMES * most.students / many
        words += f"\n  With {many} students expect about {slower:.0f} pictures a second."
    return words
