"""What the scene wants to know of a shot; ``render_jobs.shot`` has records that fit.

The library does not know who plans its shots, so it asks for shapes and not for classes.
"""
# ruff: noqa: D102 - the attributes mean what render_jobs.shot documents

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ViewRequest(Protocol):
    """What a shot says of its camera; meanings as in ``render_jobs.shot.CameraShot``."""

    @property
    def azimuth(self) -> float: ...
    @property
    def elevation(self) -> float: ...
    @property
    def roll(self) -> float: ...
    @property
    def focal_length(self) -> float: ...
    @property
    def fill(self) -> float: ...
    @property
    def offset(self) -> tuple[float, float]: ...
    @property
    def truncation(self) -> float: ...


class LightRequest(Protocol):
    """What a shot says of its light; meanings as in ``render_jobs.shot.LightShot``."""

    @property
    def sun_azimuth(self) -> float: ...
    @property
    def sun_elevation(self) -> float: ...
    @property
    def sun_strength(self) -> float: ...
    @property
    def sun_follows_world(self) -> bool: ...
    @property
    def world(self) -> str: ...
    @property
    def world_rotation(self) -> float: ...
    @property
    def world_strength(self) -> float: ...


class CoatRequest(Protocol):
    """What a shot says of the coat; meanings as in ``render_jobs.shot.CoatShot``."""

    @property
    def hue(self) -> float: ...
    @property
    def saturation(self) -> float: ...
    @property
    def value(self) -> float: ...


class PoseRequest(Protocol):
    """What a shot says of its canonical pose; meanings as in ``render_jobs.shot.PoseShot``."""

    @property
    def candidates(self) -> Sequence[Sequence[Sequence[float]]]: ...


class ShotRequest(Protocol):
    """What a shot says of its picture; meanings as in ``render_jobs.shot.Shot``."""

    @property
    def action(self) -> str | None: ...
    @property
    def frame(self) -> float | None: ...
    @property
    def pose(self) -> PoseRequest | None: ...
    @property
    def camera(self) -> ViewRequest: ...
    @property
    def light(self) -> LightRequest: ...
    @property
    def coat(self) -> CoatRequest: ...
