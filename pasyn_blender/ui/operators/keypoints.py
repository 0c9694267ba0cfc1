"""Moving keypoints."""

from __future__ import annotations

CLASSES: tuple[type, ...] = ()
