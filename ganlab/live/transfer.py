"""Transfer of objects over a socket between a server and a process that it has started.

An object is sent as one message, a pickle followed by its arrays and tensors: each system call
releases the interpreter lock and must acquire it again. Both ends execute the same code for the
same user: nothing that others can write is ever unpickled.
"""

from __future__ import annotations

import io
import pickle
import socket
import struct
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import torch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Failed(NamedTuple):
    """The exception of a function, as text: not every exception can be pickled."""

    name: str
    text: str

    @property
    def for_want_of_memory(self) -> bool:
        """Whether memory ran out; torch raises a RuntimeError for that."""
        return self.name == "MemoryError" or "memory" in self.text.lower()


class Recent(Generic[K, V]):
    """A mapping that keeps the `most` values that were set or read last.

    Two of the same size hold the same keys after the same operations. So one end of a connection
    knows what the other end still has.
    """

    def __init__(self, most: int):
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def __getitem__(self, key: K) -> V:
        self._values.move_to_end(key)
        return self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Remove a key, if it is there."""
        self._values.pop(key, None)


def _from_array(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        # torch's own method copies the tensor and adds the structure of a file.
        if isinstance(value, torch.Tensor):
            return _from_array, (value.detach().cpu().numpy(),)
        return NotImplemented


def send(connection: socket.socket, value: object) -> None:
    """Send `value`. Raises OSError if the other end is gone."""
    buffers: list[pickle.PickleBuffer] = []
    out = io.BytesIO()
    _Pickler(out, 5, buffer_callback=buffers.append).dump(value)
    parts = [out.getbuffer(), *(buffer.raw() for buffer in buffers)]
    sizes = [len(part) for part in parts]
    head = struct.pack(f"<Q{len(parts)}Q", len(parts), *sizes)
    connection.sendall(b"".join([struct.pack("<Q", len(head) + sum(sizes)), head, *parts]))


def receive(connection: socket.socket) -> Any:
    """The object that the other end has sent. Raises EOFError or OSError if it is gone."""
    (size,) = struct.unpack("<Q", _exactly(connection, 8))
    # Tensors share the message's memory, which must be writable.
    message = memoryview(_exactly(connection, size))
    (count,) = struct.unpack_from("<Q", message)
    sizes = struct.unpack_from(f"<{count}Q", message, 8)
    at, parts = 8 * (1 + count), []
    for length in sizes:
        parts.append(message[at : at + length])
        at += length
    return pickle.loads(parts[0], buffers=parts[1:])


def _exactly(connection: socket.socket, size: int) -> bytearray:
    out = bytearray(size)
    view, have = memoryview(out), 0
    while have < size:
        count = connection.recv_into(view[have:], size - have, socket.MSG_WAITALL)
        if not count:
            raise EOFError
        have += count
    return out
