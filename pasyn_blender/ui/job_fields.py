"""Which settings of the panel are which keys of a job: ranges, with their defaults and limits.

No Blender needed. The defaults are the job's own; a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class RangeField:
    """A range that each picture draws a value from; two properties, ``<name>_min`` and ``<name>_max``.

    Attributes
    ----------
    name
        Of the properties.
    key
        Of the job, dotted.
    label, description
        For people.
    default
        Smallest and largest value.
    limits
        What the job allows.
    sliders
        Where the mouse stops; beyond that, numbers can be typed.
    precision
        Decimals shown.
    turn
        Whether it is a direction all round, at most a full turn wide.
    """

    name: str
    key: str
    label: str
    description: str
    default: Range
    limits: Range
    sliders: Range
    precision: int = 2
    turn: bool = False

    def kept(self, low: float, high: float, *, changed: str) -> Range:
        """The range after one end was changed: the other one gives way.

        Parameters
        ----------
        low, high
            The ends.
        changed
            "min" or "max": the one a person has just set.
        """
        if changed == "min":
            high = max(high, low)
            return (low, min(high, low + 360.0) if self.turn else high)
        low = min(low, high)
        return (max(low, high - 360.0) if self.turn else low, high)


CAMERA = (
    RangeField(
        "azimuth",
        "camera.azimuth",
        "Azimuth",
        "Degrees round the animal: 0 sees its face, 90 its left side, 180 its tail",
        (0.0, 360.0),
        (-720.0, 720.0),
        (-360.0, 360.0),
        precision=0,
        turn=True,
    ),
    RangeField(
        "elevation",
        "camera.elevation",
        "Elevation",
        "Degrees above the animal's horizontal plane",
        (-5.0, 20.0),
        (-90.0, 90.0),
        (-20.0, 90.0),
        precision=1,
    ),
    RangeField(
        "roll",
        "camera.roll",
        "Roll",
        "Degrees the camera is tilted; positive turns the picture anticlockwise",
        (-5.0, 5.0),
        (-180.0, 180.0),
        (-45.0, 45.0),
        precision=1,
    ),
    RangeField(
        "focal_length",
        "camera.focal_length",
        "Lens",
        "Millimetres on a sensor 36 mm wide",
        (35.0, 120.0),
        (8.0, 2000.0),
        (15.0, 400.0),
        precision=0,
    ),
    RangeField(
        "fill",
        "camera.fill",
        "Fill",
        "Share of the picture's width or height that the animal takes",
        (0.55, 0.9),
        (0.02, 1.0),
        (0.1, 1.0),
    ),
    RangeField(
        "off_centre",
        "camera.off_centre",
        "Off Centre",
        "Distance of the animal from the middle, share of the picture",
        (0.0, 0.08),
        (0.0, 0.5),
        (0.0, 0.5),
    ),
    RangeField(
        "truncation",
        "camera.truncation",
        "Cut Off",
        "Share of the animal beyond the picture's edge; 0 keeps all of it inside",
        (0.0, 0.0),
        (0.0, 0.8),
        (0.0, 0.8),
    ),
)

SUN = (
    RangeField(
        "sun_azimuth",
        "light.sun_azimuth",
        "Azimuth",
        "Degrees round the animal, measured like the camera's",
        (0.0, 360.0),
        (-720.0, 720.0),
        (-360.0, 360.0),
        precision=0,
        turn=True,
    ),
    RangeField(
        "sun_elevation",
        "light.sun_elevation",
        "Elevation",
        "Degrees above the horizon",
        (15.0, 80.0),
        (-90.0, 90.0),
        (0.0, 90.0),
        precision=1,
    ),
    RangeField(
        "sun_strength",
        "light.sun_strength",
        "Strength",
        "Watts per square metre",
        (1.0, 4.0),
        (0.0, 1000.0),
        (0.0, 10.0),
    ),
)

WORLD = (
    RangeField(
        "world_strength",
        "light.world_strength",
        "Strength",
        "Factor on the light of the world",
        (0.6, 1.2),
        (0.0, 100.0),
        (0.0, 3.0),
    ),
)

COMPOSITION = (
    RangeField(
        "relight",
        "composition.light",
        "Match Light",
        "How far strength and colour of the animal's light go towards the background's",
        (0.5, 0.9),
        (0.0, 1.0),
        (0.0, 1.0),
    ),
    RangeField(
        "shadow",
        "composition.shadow",
        "Shadow",
        "Strength of the animal's shade on the ground",
        (0.7, 1.0),
        (0.0, 1.0),
        (0.0, 1.0),
    ),
    RangeField(
        "cover",
        "composition.cover",
        "Hidden Share",
        "Share of the animal that something in front may hide",
        (0.02, 0.2),
        (0.0, 0.9),
        (0.0, 0.9),
    ),
)

COAT = (
    RangeField(
        "hue",
        "coat.hue",
        "Hue",
        "Shift round the colour circle, in turns",
        (-0.02, 0.02),
        (-0.5, 0.5),
        (-0.2, 0.2),
        precision=3,
    ),
    RangeField(
        "saturation",
        "coat.saturation",
        "Saturation",
        "Factor on the coat's saturation",
        (0.85, 1.15),
        (0.0, 4.0),
        (0.0, 2.0),
    ),
    RangeField(
        "value",
        "coat.value",
        "Brightness",
        "Factor on the coat's brightness",
        (0.8, 1.2),
        (0.0, 4.0),
        (0.0, 2.0),
    ),
)

RANGES = (*CAMERA, *SUN, *WORLD, *COMPOSITION, *COAT)
"""All ranges of the panel."""

OCCLUDERS = ("grass", "branches", "fence")
"""What can be drawn in front of an animal."""

OCCLUDED = 0.15
"""Share of the pictures that have something in front."""

BUNDLED_WORLDS = ("city", "courtyard", "forest", "interior", "night", "studio", "sunrise", "sunset")
"""World HDRIs that every Blender brings."""

STYLES = ("photo", "none")
"""Styles that are offered while a name is typed; every other preset can be named too."""

DEFAULT_STYLE = "photo"


def range_named(name: str, ranges: Iterable[RangeField] = RANGES) -> RangeField:
    """The range of a name."""
    return next(field for field in ranges if field.name == name)
