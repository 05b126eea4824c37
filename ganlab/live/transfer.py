"""Transfer of objects over a connection between a server and a process that it has started.

Objects are pickled; arrays and tensors are sent beside the pickle without being copied into it.
Both ends execute the same code for the same user: nothing that others can write is ever unpickled.
"""

from __future__ import annotations

import io
import pickle
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
import torch


class Failed(NamedTuple):
    """The exception of a function, as text: not every exception can be pickled."""

    name: str
    text: str

    @property
    def for_want_of_memory(self) -> bool:
        """Whether memory ran out; torch raises a RuntimeError for that."""
        return self.name == "MemoryError" or "memory" in self.text.lower()


def _from_array(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        # torch's own method copies the tensor and adds the structure of a file.
        if isinstance(value, torch.Tensor):
            return _from_array, (value.detach().cpu().numpy(),)
        return NotImplemented


def send(connection: Connection, value: Any) -> None:
    """Send `value`. Raises OSError if the other end is gone."""
    buffers: list[pickle.PickleBuffer] = []
    out = io.BytesIO()
    _Pickler(out, 5, buffer_callback=buffers.append).dump(value)
    connection.send_bytes(len(buffers).to_bytes(4, "little") + out.getbuffer())
    for buffer in buffers:
        connection.send_bytes(buffer.raw())


def receive(connection: Connection) -> Any:
    """The object that the other end has sent. Raises EOFError or OSError if it is gone."""
    text = connection.recv_bytes()
    count = int.from_bytes(text[:4], "little")
    # Tensors share an array's memory, which must be writable.
    buffers = [bytearray(connection.recv_bytes()) for _ in range(count)]
    return pickle.loads(memoryview(text)[4:], buffers=buffers)
