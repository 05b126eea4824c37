"""Recordings: a run with keyframes, from which it can return to any earlier moment; their files."""

from ganlab.record.findings import Found, found
from ganlab.record.recording import Recording, Replay
from ganlab.record.run_file import RunFile

__all__ = ["Found", "Recording", "Replay", "RunFile", "found"]
