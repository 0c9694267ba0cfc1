"""Camera, light and background."""

from __future__ import annotations

CLASSES: tuple[type, ...] = ()
