"""Anatomical joint limits: how far each joint of a pose goes, and the nearest pose that a joint allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..anatomy.rotations import Array
from ..anatomy.skeleton import JOINTS, SIDES
from ..errors import LimitsError

_AXIAL: Final = ("pelvis", "spine", "chest", "neck_base", "neck_top", "head")
_TAIL: Final = ("tail_base", "tail_middle", "tail_end")
_LIMB: Final = tuple(joint.removeprefix("left_") for joint in JOINTS if joint.startswith("left_"))
ANGLES: Final[dict[str, tuple[str, str, str]]] = {
    **dict.fromkeys(_AXIAL, ("pitch", "yaw", "roll")),
    **dict.fromkeys(_TAIL, ("pitch", "sway", "twist")),
    **dict.fromkeys(_LIMB, ("pitch", "abduction", "twist")),
}
"""Names of the three angles of each joint, sides left out."""

_FORWARD: Final = np.array([JOINTS.index(joint) for joint in _AXIAL])
# Away from the midline is a turn about -Y and +Z on the left, about +Y and -Z on the right.
_SIGNS: Final = np.array(
    [
        (1.0, -1.0, 1.0) if joint.startswith("left_") else
        (1.0, 1.0, -1.0) if joint.startswith("right_") else
        (1.0, 1.0, 1.0)
        for joint in JOINTS
    ]
)  # fmt: skip
_ROUNDING: Final = 2e-3
"""Degrees by which a projected joint stays inside its limit: more than float32 loses on the way."""


@dataclass(frozen=True)
class JointLimits:
    """Lowest and highest angles of the canonical joints.

    Attributes
    ----------
    low, high
        (J, 3) degrees, in the order and with the signs of :func:`joint_angles`.
    """

    low: Array
    high: Array

    def violations(self, local: Array, joints: Array | None = None) -> Array:
        """How far joints are beyond their limits.

        Parameters
        ----------
        local
            (N, J, 3, 3) pose.
        joints
            Numbers of the joints that ``local`` holds, where those are not all.

        Returns
        -------
        (N, J) array
            Degrees by which the worst of each joint's three angles lies outside; zero inside.
        """
        deviation, half = self._deviation(joint_angles(local, joints), joints)
        return np.asarray(np.maximum(np.abs(deviation) - half, 0).max(axis=-1))

    def project(self, local: Array) -> Array:
        """Bring every joint into its limits by clamping its angles.

        Joints inside their limits are returned as they are, bit by bit; so are projected poses when projected
        again, and :meth:`violations` finds nothing in them.

        Parameters
        ----------
        local
            (N, J, 3, 3) pose.

        Returns
        -------
        (N, J, 3, 3) array
            Of the same type; a copy.
        """
        return self.project_and_measure(local)[0]

    def project_and_measure(self, local: Array) -> tuple[Array, Array]:
        """What :meth:`project` and :meth:`violations` return, in the time of one."""
        deviation, half = self._deviation(joint_angles(local))
        excess = np.abs(deviation) - half
        beyond = np.maximum(excess.max(axis=-1), 0)
        poses, joints = np.nonzero(beyond)
        allowed = local.copy()
        if len(poses):
            middle = ((self.low + self.high) / 2).astype(deviation.dtype)[joints]
            room = np.maximum(half[joints] - _ROUNDING, 0)
            clamped = middle + np.clip(deviation[poses, joints], -room, room)
            allowed[poses, joints] = _rotations(clamped, joints)
        return allowed, np.asarray(beyond)

    def _deviation(self, angles: Array, joints: Array | None = None) -> tuple[Array, Array]:
        """(N, J, 3) degrees from the middle of each range, the short way round, and (J, 3) half ranges."""
        low, high = (self.low, self.high) if joints is None else (self.low[joints], self.high[joints])
        middle = ((low + high) / 2).astype(angles.dtype)
        half = ((high - low) / 2).astype(angles.dtype)
        deviation = angles - middle
        # The same as a modulo by 360, at a fraction of its price.
        deviation -= 360 * np.rint(deviation / 360)
        return deviation, half


def joint_angles(local: Array, joints: Array | None = None) -> Array:
    """Angles of the canonical joints, by which their limits are stated.

    Limb segments and the tail hang: R = Rx(pitch) Ry(abduction or sway) Rz(twist), so that the twist about
    the segment's length moves nothing below it. Trunk, neck and head point forward: R = Rx(pitch) Rz(yaw)
    Ry(roll). All are unique as long as the middle angle stays below a right angle.

    Parameters
    ----------
    local
        (..., J, 3, 3) rotation of each canonical joint relative to its parent.
    joints
        Numbers of the joints that ``local`` holds, where those are not all.

    Returns
    -------
    (..., J, 3) array
        Degrees; the names of the columns are in :data:`ANGLES`. Abduction and twist are positive away from
        the midline on both sides, so that mirrored poses have mirrored angles.
    """
    joints = np.arange(len(JOINTS)) if joints is None else np.asarray(joints)
    forward = np.isin(joints, _FORWARD)
    angles = np.empty(local.shape[:-1], dtype=local.dtype)
    # Exchanging the axes Y and Z makes one order of the axes the other, and turns the signs.
    for rows, y, z, sign in ((np.flatnonzero(~forward), 1, 2, 1), (np.flatnonzero(forward), 2, 1, -1)):
        part = local[..., rows, :, :]
        found = np.stack(
            [
                np.arctan2(-part[..., y, z], part[..., z, z]),
                np.arcsin(np.clip(part[..., 0, z], -1, 1)),
                np.arctan2(-part[..., 0, y], part[..., 0, 0]),
            ],
            axis=-1,
        )
        angles[..., rows, :] = np.degrees(sign * found)
    angles *= _SIGNS.astype(angles.dtype)[joints]
    return angles


def from_joint_angles(angles: Array) -> Array:
    """(..., J, 3, 3) pose of (..., J, 3) angles: the inverse of :func:`joint_angles`."""
    joints = np.broadcast_to(np.arange(len(JOINTS)), angles.shape[:-1])
    flat = _rotations(angles.reshape(-1, 3), joints.reshape(-1))
    return flat.reshape(*angles.shape, 3)


def read_limits(path: Path | None = None) -> JointLimits:
    """Read joint limits.

    Parameters
    ----------
    path
        A file like ``assets/joint_limits.yaml``, which is read when none is given.

    Raises
    ------
    LimitsError
        The file is missing, no YAML, or has unknown or missing joints or angles, or odd ranges.
    """
    import yaml  # PyYAML is not part of every Blender: imported only when a file is read

    path = default_limits_file() if path is None else path
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LimitsError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LimitsError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    return _checked(content, path.name)


def default_limits_file() -> Path:
    """Path of the shipped limits.

    Raises
    ------
    LimitsError
        The installation lacks it.
    """
    package = Path(__file__).resolve().parent.parent
    # In a checkout and in a wheel `assets` lies beside the package; the Blender extension carries it inside.
    for root in (package.parent, package):
        path = root / "assets" / "joint_limits.yaml"
        if path.is_file():
            return path
    raise LimitsError("assets/joint_limits.yaml is missing from this installation; install it again")


def _checked(content: Any, name: str) -> JointLimits:
    if not isinstance(content, Mapping):
        raise LimitsError(f"{name}: expected joints with their ranges, found {type(content).__name__}")
    odd = sorted(str(joint) for joint in content if joint not in ANGLES)
    if odd:
        raise LimitsError(f"{name}: there is no joint {odd[0]!r}; joints are {', '.join(ANGLES)}")
    lacking = [joint for joint in ANGLES if joint not in content]
    if lacking:
        raise LimitsError(f"{name}: no limits for {', '.join(lacking)}")
    ranges = {joint: _joint_ranges(content[joint], joint, name) for joint in ANGLES}
    rows = np.array(
        [ranges[joint.partition("_")[2] if joint.partition("_")[0] in SIDES else joint] for joint in JOINTS]
    )
    return JointLimits(low=rows[..., 0], high=rows[..., 1])


def _joint_ranges(given: Any, joint: str, name: str) -> list[tuple[float, float]]:
    angles = ANGLES[joint]
    if not isinstance(given, Mapping) or set(given) != set(angles):
        raise LimitsError(f"{name}: {joint}: expected {', '.join(angles)}, found {given!r}")
    ranges = []
    for angle in angles:
        value = given[angle]
        numbers = value if isinstance(value, list) else [value]
        if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
            raise LimitsError(f"{name}: {joint}.{angle}: expected degrees, found {value!r}")
        # To either side of the midline a joint goes equally far.
        either_side = joint not in _LIMB and angle != "pitch"
        if len(numbers) == 1 and either_side:
            numbers = [-numbers[0], numbers[0]]
        most = 180 if angle != angles[1] else 85
        if len(numbers) != 2 or not -most <= numbers[0] <= 0 <= numbers[1] <= most:
            wanted = "one number of degrees" if either_side else "[low, high] in degrees with low ≤ 0 ≤ high"
            raise LimitsError(
                f"{name}: {joint}.{angle}: expected {wanted}, at most {most} to either side, found {value!r}"
            )
        if either_side and numbers[0] != -numbers[1]:
            raise LimitsError(f"{name}: {joint}.{angle}: expected the same to either side, found {value!r}")
        ranges.append((float(numbers[0]), float(numbers[1])))
    return ranges


def _rotations(angles: Array, joints: Array) -> Array:
    """(K, 3, 3) rotations of K joints, given by their numbers, from (K, 3) angles in degrees."""
    radians = np.radians(angles * _SIGNS.astype(angles.dtype)[joints])
    forward = np.isin(joints, _FORWARD)
    radians[forward] *= -1
    (ca, cb, cc), (sa, sb, sc) = np.cos(radians).T, np.sin(radians).T
    matrices = np.empty((len(angles), 3, 3), dtype=radians.dtype)
    matrices[:, 0] = np.stack([cb * cc, -cb * sc, sb], axis=-1)
    matrices[:, 1] = np.stack([ca * sc + sa * sb * cc, ca * cc - sa * sb * sc, -sa * cb], axis=-1)
    matrices[:, 2] = np.stack([sa * sc - ca * sb * cc, sa * cc + ca * sb * sc, ca * cb], axis=-1)
    swap = [0, 2, 1]
    matrices[forward] = matrices[forward][:, swap][:, :, swap]
    return matrices
