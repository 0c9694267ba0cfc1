"""Poses of the prior."""

from __future__ import annotations

CLASSES: tuple[type, ...] = ()
