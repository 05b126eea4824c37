"""Recordings: a run with keyframes, from which it can return to any earlier moment."""

from ganlab.record.findings import Found, found
from ganlab.record.recording import Recording, Replay

__all__ = ["Found", "Recording", "Replay", "found"]
