"""The records of a job and the vocabulary a job file may use. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pasyn_blender.anatomy.keypoint_sets import AP10K
from styles.settings import CameraLookRanges, CompositionRanges

Range = tuple[float, float]
"""Smallest and largest value a draw may take; equal bounds fix the value."""

RIG_SUFFIXES: Final = (".blend", ".glb", ".gltf", ".fbx")
WORLD_SUFFIXES: Final = (".exr", ".hdr")
ENGINES: Final = ("cycles", "eevee", "workbench")
DEVICES: Final = ("cpu", "optix", "cuda", "hip", "metal")
PASSES: Final = ("depth", "normal")
POSE_SOURCES: Final = ("prior", "actions", "file")

BUNDLED_WORLDS: Final = (
    "city.exr",
    "courtyard.exr",
    "forest.exr",
    "interior.exr",
    "night.exr",
    "studio.exr",
    "sunrise.exr",
    "sunset.exr",
)
"""CC0 world HDRIs that every Blender brings in ``datafiles/studiolights/world``."""

OUTDOOR_WORLDS: Final = ("city.exr", "sunrise.exr")
"""Those of them under open sky with ground to stand on: half of the sunset is water, in the courtyard
lies a dog that no label knows, and the forest has rocks and a fence where feet would be."""

SPECIES_FOLDER: Final = Path(__file__).resolve().parent.parent / "assets" / "species"


BUILT_IN_PRIOR: Final = SPECIES_FOLDER.parent / "priors" / "quadruped.npz"
"""The pose prior that comes with the program; its card lies beside it."""

JOINT_LIMITS: Final = SPECIES_FOLDER.parent / "joint_limits.yaml"
"""How far the joints of poses may go."""


STYLES_FOLDER: Final = SPECIES_FOLDER.parent.parent / "styles" / "presets"
DEFAULT_STYLE: Final = "photo"


def built_in_styles() -> tuple[str, ...]:
    """Names of the style presets that come with the program: one file each in ``styles/presets``."""
    return tuple(sorted(path.stem for path in STYLES_FOLDER.glob("*.yaml")))


def built_in_animals() -> tuple[str, ...]:
    """Names of the animals made by code: one description each in ``assets/species``."""
    return tuple(sorted(path.stem for path in SPECIES_FOLDER.glob("*.yaml")))


@dataclass(frozen=True)
class RenderSettings:
    """How Blender turns a shot into pixels.

    Attributes
    ----------
    engine
        One of :data:`ENGINES`.
    samples
        Samples a pixel.
    denoise
        Whether Cycles denoises (OIDN, fast).
    device
        One of :data:`DEVICES`; only Cycles heeds it.
    passes
        Extra files beside each render, of :data:`PASSES`.
    """

    engine: str = "cycles"
    samples: int = 16
    denoise: bool = True
    device: str = "cpu"
    passes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PoseSettings:
    """Where poses come from.

    Attributes
    ----------
    source
        One of :data:`POSE_SOURCES`: a learnt prior, the rig's own actions, or a file of poses.
    file
        The prior or the file of poses; None takes :data:`BUILT_IN_PRIOR`.
    sigma
        How far poses of a prior depart from those it has seen; 0 gives these back.
    actions, species
        What poses of a prior must be labelled with; empty means anything.
    share_of_actions
        Share of the pictures that take their pose from the rig's own actions all the same.
    """

    source: str = "prior"
    file: Path | None = None
    sigma: float = 1.0
    actions: tuple[str, ...] = ()
    species: tuple[str, ...] = ()
    share_of_actions: float = 0.0

    @property
    def prior(self) -> Path | None:
        """File of the prior that is sampled, if any."""
        return (self.file or BUILT_IN_PRIOR) if self.source == "prior" else None

    @property
    def uses_actions(self) -> bool:
        """Whether some pictures take their pose from the rig's own actions."""
        return self.source == "actions" or self.share_of_actions > 0

    @property
    def canonical(self) -> bool:
        """Whether some pictures take their pose from a prior or a file."""
        return self.source != "actions" and self.share_of_actions < 1


@dataclass(frozen=True)
class CameraRanges:
    """What the camera of a shot is drawn from; meanings as in ``CameraShot``.

    Attributes
    ----------
    azimuth, elevation, roll
        Degrees.
    focal_length
        Millimetres on a 36 mm wide sensor.
    fill
        Larger of box width / picture width and box height / picture height.
    off_centre
        Distance of the box centre from the picture centre, fraction of the picture.
    truncation
        Fraction of the animal's box beyond the frame; 0 keeps all of it inside.
    """

    azimuth: Range = (0.0, 360.0)
    elevation: Range = (-5.0, 20.0)
    roll: Range = (-5.0, 5.0)
    focal_length: Range = (35.0, 120.0)
    fill: Range = (0.55, 0.9)
    off_centre: Range = (0.0, 0.08)
    truncation: Range = (0.0, 0.0)


@dataclass(frozen=True)
class LightRanges:
    """What sun and sky of a shot are drawn from.

    Attributes
    ----------
    sun_azimuth, sun_elevation
        Degrees, azimuth measured like the camera's.
    sun_strength
        Watts per square metre.
    sun_follows_world
        Whether the sun stands where the shot's world shows one; azimuth and elevation then serve the worlds
        under an even sky.
    worlds
        Bundled names (``"forest.exr"``) or absolute paths; empty means the bundled ones under open sky.
    world_strength
        Multiplier.
    """

    sun_azimuth: Range = (0.0, 360.0)
    sun_elevation: Range = (15.0, 80.0)
    sun_strength: Range = (1.0, 4.0)
    worlds: tuple[str, ...] = ()
    world_strength: Range = (0.6, 1.2)
    sun_follows_world: bool = True

    @property
    def usable_worlds(self) -> tuple[str, ...]:
        """The worlds to draw from: the job's own, or the bundled ones under open sky."""
        return self.worlds or OUTDOOR_WORLDS


@dataclass(frozen=True)
class CoatRanges:
    """What the coat of a shot is drawn from.

    Attributes
    ----------
    hue
        Shift in turns, 0 none.
    saturation, value
        Factors, 1 none.
    individuals
        First and last seed, inclusive, of individuals of a built-in animal.
    """

    hue: Range = (-0.02, 0.02)
    saturation: Range = (0.85, 1.15)
    value: Range = (0.8, 1.2)
    individuals: tuple[int, int] = (0, 5)


@dataclass(frozen=True)
class SplitSettings:
    """How shots are divided.

    Attributes
    ----------
    val
        Probability that a shot goes to the validation split.
    """

    val: float = 0.1


@dataclass(frozen=True)
class Limits:
    """What a run may use; decides no pixel.

    Attributes
    ----------
    shot_seconds
        A shot that takes longer is stopped and tried once more.
    memory_gib
        A Blender process that holds more is replaced after its shot; None for no limit.
    shots_per_process
        A Blender process is replaced after this many shots.
    """

    shot_seconds: float = 120.0
    memory_gib: float | None = None
    shots_per_process: int = 500


@dataclass(frozen=True)
class Job:
    """One dataset to make, resolved: every default filled in, every path absolute.

    Attributes
    ----------
    species
        Category name in the annotations.
    animal
        Built-in animal, or None when ``rig`` is given; exactly one of the two is set.
    rig
        Model file, or None when ``animal`` is given.
    rig_map
        Edited rig map, or None to map the rig automatically.
    poses
        Where poses come from.
    actions
        Names or glob patterns of the rig's actions that give poses where these come from actions, with a
        leading minus to leave some out; empty means all.
    images
        How many shots; more images extend a dataset and leave its first shots as they are.
    seed
        Non-negative; 0 is a seed like any other.
    resolution
        (width, height) in pixels.
    keypoints
        Name of a keypoint set.
    backgrounds
        Folders of photos; empty means views of each shot's world.
    composition
        How the animal is put into its background.
    style
        Name of a built-in style preset, or absolute path of a preset's file.
    camera_look
        What the camera does to the picture.
    """

    species: str
    animal: str | None = None
    rig: Path | None = None
    rig_map: Path | None = None
    poses: PoseSettings = field(default_factory=PoseSettings)
    actions: tuple[str, ...] = ()
    images: int = 24
    seed: int = 0
    resolution: tuple[int, int] = (256, 256)
    keypoints: str = AP10K.name
    render: RenderSettings = field(default_factory=RenderSettings)
    camera: CameraRanges = field(default_factory=CameraRanges)
    light: LightRanges = field(default_factory=LightRanges)
    backgrounds: tuple[Path, ...] = ()
    composition: CompositionRanges = field(default_factory=CompositionRanges)
    style: str = DEFAULT_STYLE
    camera_look: CameraLookRanges = field(default_factory=CameraLookRanges)
    coat: CoatRanges = field(default_factory=CoatRanges)
    split: SplitSettings = field(default_factory=SplitSettings)
    limits: Limits = field(default_factory=Limits)

    def to_dict(self) -> dict[str, Any]:
        """Return the job as plain JSON values in the shape of a job file; paths become strings."""
        return {key: _plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "job") -> Job:
        """Inverse of :meth:`to_dict`; checked like a job file, except that no file has to exist.

        Parameters
        ----------
        data
            Parsed JSON.
        source
            What messages call it.

        Raises
        ------
        JobError
            A key or value is wrong.
        """
        from .job_reader import job_from_plain

        return job_from_plain(data, source)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
