"""Phenomena of how the two players move: rotation, stalling, and what damps or restores it."""

from __future__ import annotations
