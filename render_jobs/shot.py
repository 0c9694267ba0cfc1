"""A shot: everything that decides one picture, fully resolved."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final


@dataclass(frozen=True)
class CameraShot:
    """How the animal is framed; the camera matrix itself is solved from the posed mesh.

    Attributes
    ----------
    azimuth
        Degrees around the animal's up axis: 0 sees its face, 90 its left side, 180 its tail.
    elevation
        Degrees above the animal's horizontal plane.
    roll
        Degrees around the viewing axis, positive turns the picture anticlockwise.
    focal_length
        Millimetres on a 36 mm wide sensor (on the longer side of the picture).
    fill
        Larger of box width / picture width and box height / picture height.
    offset
        (2,) shift of the box centre from the picture centre, in fractions of picture width and height,
        right and up positive.
    truncation
        Fraction of the box's extent pushed out of the frame, along the axis and in the direction of the
        larger component of ``offset``; 0 keeps the whole animal in the frame.
    """

    azimuth: float
    elevation: float
    roll: float
    focal_length: float
    fill: float
    offset: tuple[float, float]
    truncation: float


@dataclass(frozen=True)
class LightShot:
    """Sun and sky.

    Attributes
    ----------
    sun_azimuth, sun_elevation
        Degrees; azimuth measured like the camera's.
    sun_strength
        Watts per square metre.
    sun_follows_world
        Whether the sun stands where the world shows one, whatever azimuth and elevation say.
    world
        Name of a bundled HDRI ("forest.exr") or path of a file, as the job wrote it.
    world_rotation
        Degrees around up.
    world_strength
        Multiplier.
    """

    sun_azimuth: float
    sun_elevation: float
    sun_strength: float
    world: str
    world_rotation: float
    world_strength: float
    sun_follows_world: bool = True


@dataclass(frozen=True)
class CoatShot:
    """Variation of the coat.

    Attributes
    ----------
    hue
        Shift in turns, 0 for none.
    saturation, value
        Factors, 1 for none.
    individual
        Seed of an individual, for animals that are built.
    """

    hue: float
    saturation: float
    value: float
    individual: int


@dataclass(frozen=True)
class BackgroundShot:
    """Where the background comes from.

    Attributes
    ----------
    photo
        File name relative to the job's background list entry, or None for a view of the shot's world.
    folder
        Index into the job's list of background folders.
    crop
        (cx, cy, scale): crop centre in [0, 1] of the slack and crop size as a fraction of the largest
        crop with the picture's aspect.
    mirror
        Whether the photo is flipped left to right.
    """

    photo: str | None
    folder: int
    crop: tuple[float, float, float]
    mirror: bool


@dataclass(frozen=True)
class PoseShot:
    """Canonical poses to choose from: the rig takes the first that its skin allows.

    Attributes
    ----------
    source
        "prior" or "file".
    packed
        The poses, a tenth of the size that a plan of a hundred thousand shots could not be held in otherwise.
    turned_down
        How many poses before the last candidate were turned down on the canonical skeleton, by reason.
    number
        Which pose of the file it is; None for those of a prior.
    """

    source: str
    packed: tuple[bytes, ...]
    turned_down: Mapping[str, int]
    number: int | None = None

    @classmethod
    def of(
        cls,
        source: str,
        candidates: Iterable[Iterable[Sequence[float]]],
        turned_down: Mapping[str, int],
        number: int | None = None,
    ) -> PoseShot:
        """Make one of (C, J, 3) turn vectors in radians, at most pi long; they are rounded to 1e-4."""
        packed = tuple(
            array("h", [round(float(x) * _STEPS) for turn in pose for x in turn]).tobytes()
            for pose in candidates
        )
        return cls(source, packed, turned_down, number)

    @property
    def candidates(self) -> list[list[list[float]]]:
        """(C, J, 3) turn vector of each canonical joint relative to its parent.

        Radians in body axes, joints in the order of ``anatomy.skeleton.JOINTS``.
        """
        found = []
        for pose in self.packed:
            steps = array("h", pose)
            values = [step / _STEPS for step in steps]
            found.append([values[at : at + 3] for at in range(0, len(values), 3)])
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "source": self.source,
            "candidates": self.candidates,
            "turned_down": dict(self.turned_down),
            "number": self.number,
        }


_STEPS: Final = 10_000  # a radian; half a turn fits into two bytes


@dataclass(frozen=True)
class Shot:
    """One picture of a plan.

    Attributes
    ----------
    index
        Position in the plan.
    action, frame
        The rig's own action and the (fractional) frame of it that gives the pose; None where the pose is
        canonical.
    pose
        The canonical pose; None where an action gives it.
    split
        "train" or "val".
    """

    index: int
    action: str | None
    frame: float | None
    pose: PoseShot | None
    camera: CameraShot
    light: LightShot
    coat: CoatShot
    background: BackgroundShot
    split: str

    def to_json(self) -> str:
        """One line of ``shots.jsonl``."""
        record = asdict(replace(self, pose=None))
        record["pose"] = None if self.pose is None else self.pose.to_dict()
        return json.dumps(record, sort_keys=True)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Shot:
        """Inverse of :meth:`to_json` after ``json.loads``."""
        return cls(
            index=data["index"],
            action=data["action"],
            frame=data["frame"],
            pose=_pose(data["pose"]),
            camera=CameraShot(**{**data["camera"], "offset": tuple(data["camera"]["offset"])}),
            light=LightShot(**data["light"]),
            coat=CoatShot(**data["coat"]),
            background=BackgroundShot(**{**data["background"], "crop": tuple(data["background"]["crop"])}),
            split=data["split"],
        )


def _pose(data: dict[str, Any] | None) -> PoseShot | None:
    if data is None:
        return None
    return PoseShot.of(data["source"], data["candidates"], dict(data["turned_down"]), data["number"])
