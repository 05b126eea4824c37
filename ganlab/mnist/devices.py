"""The training device: CUDA, Apple's MPS or the CPU, chosen and named."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

from ganlab.engine.arguments import devices
from ganlab.languages import _
from ganlab.mnist.records import DEVICE
from ganlab.registry import SpecError

# Parts of the messages of torch, cuBLAS, cuDNN and the CPU's allocator when memory runs out.
_FULL = ("out of memory", "allocate memory", "not enough memory", "alloc_failed")


def choose(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is the fastest one available.

    Raises `SpecError` if this machine, or this build of torch, does not have it.
    """
    DEVICE.check(name)
    there = devices()
    if name == "auto":
        return torch.device(there[0])
    if name not in there:
        why = (
            "" if name != "cuda" or torch.version.cuda else _(" (this build of torch has no CUDA)")
        )
        raise SpecError(
            "device",
            name,
            _("one of auto, {listed} on this machine{why}", listed=", ".join(there), why=why),
        )
    return torch.device(name)


def title(device: torch.device) -> str:
    """The name of a device for users."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return _("Apple GPU (MPS)")
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x for x in lines if x.startswith("model name")).split(":", 1)[1].strip()
    except (OSError, StopIteration):
        return platform.processor() or "CPU"


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (any(words in text for words in _FULL))
