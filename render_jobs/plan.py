"""The plan: which shots a job makes. Pure; neither Blender nor a picture is touched.

Shot *i* depends on the job, its seed and *i* alone. Each subject of a shot (pose from an action, camera,
light, coat, background, split, whether the pose comes from an action, canonical pose, composition, style,
camera look, which photos are tried where the drawn one has no open ground) draws from a random
stream of its own, spawned from ``SeedSequence(seed, (i,))``, in a fixed order with a fixed number of draws.
So shots stay as they are when a job asks for more images, when shards divide the work otherwise, and when
another subject gains a draw. **A new draw goes to the end of its subject, or becomes a new subject at the end
of the list below; never insert one.**
"""

from __future__ import annotations

import difflib
import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np

from pasyn_blender.errors import BackgroundError, JobError, OutputError, RigError

from .job import Job, Range
from .pose_plan import PosePlan, pose_plan
from .shot import BackgroundShot, CameraShot, CoatShot, LightShot, PoseShot, Shot

# Order is part of every dataset ever planned: append only.
_ACTION, _CAMERA, _LIGHT, _COAT, _BACKGROUND, _SPLIT, _POSE_SOURCE, _POSE = range(8)
COMPOSITION, STYLE, CAMERA_LOOK, OTHER_PHOTO = range(8, 12)
"""Subjects of what happens to a render afterwards; they are drawn when pictures are composed."""

SMALLEST_CROP: Final = 0.6
"""Crops of a photo measure between this and all of the largest crop."""

Photo = tuple[int, str]
"""Index into the job's background folders, and file name below that folder."""


@dataclass(frozen=True)
class RigFacts:
    """What the plan and people need to know of a rig.

    Attributes
    ----------
    actions
        (name, first frame, last frame) of each action.
    name
        File name of the rig, or name of the built-in animal.
    bone_count, vertex_count, triangle_count
        Sizes, for people.
    notes
        What a person should know: what the import changed or left out, which keypoints the map lacks.
    """

    actions: tuple[tuple[str, float, float], ...]
    name: str = ""
    bone_count: int = 0
    vertex_count: int = 0
    triangle_count: int = 0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, the content of ``rig.json``."""
        return {
            **asdict(self),
            "actions": [list(action) for action in self.actions],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RigFacts:
        """Inverse of :meth:`to_dict`; keys of later versions are ignored.

        Raises
        ------
        OutputError
            ``data`` is not what :meth:`to_dict` writes.
        """
        try:
            return cls(
                actions=tuple((str(name), float(start), float(end)) for name, start, end in data["actions"]),
                name=str(data.get("name", "")),
                bone_count=int(data.get("bone_count", 0)),
                vertex_count=int(data.get("vertex_count", 0)),
                triangle_count=int(data.get("triangle_count", 0)),
                notes=tuple(str(note) for note in data.get("notes", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OutputError(
                f"rig.json does not hold the facts of a rig ({error!r}); delete it and run again"
            ) from None


def chosen_actions(job: Job, facts: RigFacts) -> tuple[tuple[str, float, float], ...]:
    """Return the actions the job's patterns select, sorted by name.

    A pattern is a whole name, or a glob (``Walk*``); letter case does not matter. With a minus before it
    (``-Death*``) it leaves out what it matches, if anything; with nothing but such patterns, the rest of all
    actions is selected.

    Raises
    ------
    RigError
        The rig has no action at all.
    JobError
        A pattern matches none, or none is left; the message names those there are.
    """
    if not facts.actions:
        raise RigError(
            f"{facts.name or 'the rig'}: found no action (animation clip), and the job takes poses from the "
            "rig's actions; write poses: prior, or animate the rig (a walk, or some poses as keyframes) and "
            "save or export it with its animation"
        )
    everything = tuple(sorted(facts.actions))
    if not job.actions:
        return everything
    names = [name for name, _, _ in everything]
    wanted = [pattern for pattern in job.actions if not _excludes(pattern, names)]
    unwanted = [pattern[1:] for pattern in job.actions if _excludes(pattern, names)]
    selected: set[str] = set() if wanted else set(names)
    for pattern in wanted:
        matches = _matches(pattern, names)
        if not matches:
            lower = {name.lower(): name for name in names}
            close = difflib.get_close_matches(pattern.lower(), tuple(lower), n=1)
            hint = f" (did you mean {lower[close[0]]!r}?)" if close else ""
            raise JobError(f"actions: found {pattern!r}, which no action matches{hint}; {_available(names)}")
        selected |= matches
    for pattern in unwanted:
        selected -= _matches(pattern, names)
    if not selected:
        raise JobError(f"actions: found {list(job.actions)}, which leave no action; {_available(names)}")
    return tuple(action for action in everything if action[0] in selected)


def _excludes(pattern: str, names: Sequence[str]) -> bool:
    return pattern.startswith("-") and not _matches(pattern, names)


def _matches(pattern: str, names: Sequence[str]) -> set[str]:
    lower = pattern.lower()
    return {name for name in names if name.lower() == lower or fnmatch.fnmatchcase(name.lower(), lower)}


def _available(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:40])
    return f"the rig has {shown}" + (f" and {len(names) - 40} more" if len(names) > 40 else "")


class CanonicalPoses(Protocol):
    """Gives the shots of a plan that take no moment of an action their poses."""

    def pose(self, index: int) -> PoseShot | None:
        """Poses that a shot has to choose from."""
        ...


def plan(
    job: Job,
    facts: RigFacts,
    photos: Sequence[Photo] | None = None,
    poses: CanonicalPoses | None = None,
) -> list[Shot]:
    """Return all shots of a job in index order; arguments and errors as for :func:`plan_shot`."""
    poses = shot_poses(job) if poses is None else poses
    return [plan_shot(job, facts, index, photos, poses) for index in range(job.images)]


def shot_poses(job: Job) -> PosePlan | None:
    """Read what canonical poses of a job are drawn from; None where all come from actions.

    Raises
    ------
    PriorError
        The prior or the file of poses is missing or damaged.
    """
    return pose_plan(job.poses, job.seed, lambda index: subject_generator(job.seed, index, _POSE))


def plan_shot(
    job: Job,
    facts: RigFacts,
    index: int,
    photos: Sequence[Photo] | None = None,
    poses: CanonicalPoses | None = None,
) -> Shot:
    """Draw one shot.

    Parameters
    ----------
    job
        Everything but ``images`` and ``limits`` counts.
    facts
        Actions of the rig.
    index
        Position in the plan; may lie beyond ``job.images``.
    photos
        Usable background photos in their fixed order (``PhotoLibrary.photos``). None where they are not
        known, as in Blender's Python: the shot then names no photo and is otherwise the same.
    poses
        The job's own, from :func:`shot_poses`, where many shots are drawn; read when not given.

    Raises
    ------
    JobError, RigError
        No action to take a pose from.
    PriorError
        No canonical pose to take.
    BackgroundError
        The job names background folders and ``photos`` is empty.
    """
    action, frame, pose = None, None, None
    if subject_generator(job.seed, index, _POSE_SOURCE).random() < _share_of_actions(job):
        action, frame = _action_pose(chosen_actions(job, facts), subject_generator(job.seed, index, _ACTION))
    else:
        poses = shot_poses(job) if poses is None else poses
        assert poses is not None
        pose = poses.pose(index)
    return Shot(
        index=index,
        action=action,
        frame=frame,
        pose=pose,
        camera=_camera(job, subject_generator(job.seed, index, _CAMERA)),
        light=_light(job, subject_generator(job.seed, index, _LIGHT)),
        coat=_coat(job, subject_generator(job.seed, index, _COAT)),
        background=background_shot(job, photos, index),
        split="val" if subject_generator(job.seed, index, _SPLIT).random() < job.split.val else "train",
    )


def _share_of_actions(job: Job) -> float:
    return 1.0 if job.poses.source == "actions" else job.poses.share_of_actions


def subject_generator(seed: int, index: int, subject: int) -> np.random.Generator:
    """Return the stream that a subject of a shot draws from."""
    # The same child that SeedSequence(entropy=seed, spawn_key=(index,)).spawn(6)[subject] is.
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(index, subject))
    return np.random.Generator(np.random.PCG64(sequence))


def _between(generator: np.random.Generator, bounds: Range) -> float:
    low, high = bounds
    return min(high, low + generator.random() * (high - low))


def _one_of(generator: np.random.Generator, count: int) -> int:
    # Not Generator.integers: it may redraw, and then later draws would shift with ``count``.
    return min(count - 1, int(generator.random() * count))


def _elevation(generator: np.random.Generator, bounds: Range) -> float:
    """Draw so that directions are uniform on the sphere: uniform degrees would crowd round the zenith."""
    low, high = bounds
    if low == high:
        generator.random()
        return low
    sine = _between(generator, (math.sin(math.radians(low)), math.sin(math.radians(high))))
    return min(high, max(low, math.degrees(math.asin(sine))))


def _action_pose(
    actions: Sequence[tuple[str, float, float]], generator: np.random.Generator
) -> tuple[str, float]:
    """Choose an action by the square root of its length, then a moment of it uniformly.

    By length, 144 frames of grazing would leave a 14-frame gallop one picture in eleven; by name alone, a
    long and varied clip would be sampled as thinly as a two-frame twitch. The root lies between.
    """
    weights = np.sqrt([max(1.0, end - start) for _, start, end in actions])
    limits = np.cumsum(weights / weights.sum())
    choice = min(len(actions) - 1, int(np.searchsorted(limits, generator.random(), side="right")))
    name, start, end = actions[choice]
    # Half open: in a looping clip the last frame shows the first one's pose again.
    return name, start + generator.random() * max(0.0, end - start)


def _camera(job: Job, generator: np.random.Generator) -> CameraShot:
    ranges = job.camera
    azimuth = _between(generator, ranges.azimuth) % 360.0
    elevation = _elevation(generator, ranges.elevation)
    roll = _between(generator, ranges.roll)
    # Focal lengths are ratios: as much between 35 and 70 mm as between 60 and 120.
    shortest, longest = ranges.focal_length
    focal_length = shortest * (longest / shortest) ** generator.random()
    fill = _between(generator, ranges.fill)
    distance = _between(generator, ranges.off_centre)
    angle = generator.random() * 2 * math.pi
    truncation = _between(generator, ranges.truncation)
    if truncation > 0:
        # The direction of the offset says which side leaves the frame, so it must not vanish.
        distance = max(distance, 1e-3)
    offset = (distance * math.cos(angle), distance * math.sin(angle))
    if truncation == 0:
        slack = max(0.0, (1.0 - fill) / 2)
        offset = (min(slack, max(-slack, offset[0])), min(slack, max(-slack, offset[1])))
    return CameraShot(
        azimuth=azimuth,
        elevation=elevation,
        roll=roll,
        focal_length=min(longest, max(shortest, focal_length)),
        fill=fill,
        offset=offset,
        truncation=truncation,
    )


def _light(job: Job, generator: np.random.Generator) -> LightShot:
    ranges = job.light
    worlds = ranges.usable_worlds
    return LightShot(
        sun_azimuth=_between(generator, ranges.sun_azimuth) % 360.0,
        sun_elevation=_elevation(generator, ranges.sun_elevation),
        sun_strength=_between(generator, ranges.sun_strength),
        world=worlds[_one_of(generator, len(worlds))],
        world_rotation=generator.random() * 360.0,
        world_strength=_between(generator, ranges.world_strength),
        sun_follows_world=ranges.sun_follows_world,
    )


def _coat(job: Job, generator: np.random.Generator) -> CoatShot:
    ranges = job.coat
    first, last = ranges.individuals
    return CoatShot(
        hue=_between(generator, ranges.hue),
        saturation=_between(generator, ranges.saturation),
        value=_between(generator, ranges.value),
        individual=first + _one_of(generator, last - first + 1),
    )


def background_shot(job: Job, photos: Sequence[Photo] | None, index: int) -> BackgroundShot:
    """Draw the background of a shot; arguments and errors as for :func:`plan_shot`."""
    generator = subject_generator(job.seed, index, _BACKGROUND)
    if not job.backgrounds:
        # A view of the world that lights the animal: cropping or mirroring it would part it from the light.
        return BackgroundShot(photo=None, folder=0, crop=(0.5, 0.5, 1.0), mirror=False)
    if photos is not None and not photos:
        folders = ", ".join(str(folder) for folder in job.backgrounds)
        raise BackgroundError(f"found no usable photo in {folders}")
    pick = generator.random()
    crop = (generator.random(), generator.random(), _between(generator, (SMALLEST_CROP, 1.0)))
    mirror = generator.random() < 0.5
    if photos is None:
        return BackgroundShot(photo=None, folder=0, crop=crop, mirror=mirror)
    folder, name = photos[min(len(photos) - 1, int(pick * len(photos)))]
    return BackgroundShot(photo=name, folder=folder, crop=crop, mirror=mirror)
