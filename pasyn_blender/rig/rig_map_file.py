"""Read and write rig maps as YAML that a person can edit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..anatomy.keypoint_sets import LANDMARKS
from ..anatomy.skeleton import JOINTS
from ..errors import RigMapError
from .geometry import RigGeometry
from .rig_map import JointBinding, KeypointAnchor, RigMap

_HEADER = """\
# Rig map of {rig}: which bones play which joints of the canonical quadruped, and where the keypoints sit.
# Edit freely. A joint is {{bone, position}}; position is its place at rest, in world units of the file.
# Where the rest pose does not stand a joint has an alignment too: the turn, axis times degrees in body axes
# (left, backward, up), that leads from a natural stance to the rest pose. Without it the rest pose tells.
# A keypoint is either {{bone, offset}} (offset in that bone's own axes, file units)
# or {{mesh, vertices, weights}} (the weighted mean of vertices of that mesh object; weights may be left out).
# part: bones whose skin counts as the keypoint's own when its visibility is judged.
"""
_KEYS = ("rig", "body_frame", "trunk_length", "ground", "joints", "keypoints", "missing")
_AT_ITS_BONES = 0.2
"""Trunk lengths: legs' joints lie inside the leg and not at a bone's head, but most joints do."""
_ROUNDED = 1e-4
"""Sums of weights that are 1 but for rounding."""


def write_rig_map(rig_map: RigMap, path: Path) -> None:
    """Write a rig map as YAML."""
    path.write_text(rig_map_text(rig_map), encoding="utf-8")


def rig_map_text(rig_map: RigMap) -> str:
    """A rig map as commented YAML, the same text for the same map."""
    import yaml

    # Rigs may be as small as a nail: a place is written to a hundred-thousandth of the trunk.
    decimals = max(6, 5 - math.floor(math.log10(rig_map.trunk_length)))
    joints = {}
    for name, joint in rig_map.joints.items():
        joints[name] = {"bone": joint.bone, "position": [round(value, decimals) for value in joint.position]}
        if joint.alignment is not None:
            joints[name]["alignment"] = [round(value, 4) for value in joint.alignment]
    keypoints: dict[str, Any] = {}
    for name, anchor in rig_map.keypoints.items():
        if anchor.bone is not None:
            entry: dict[str, Any] = {
                "bone": anchor.bone,
                "offset": [round(value, decimals) for value in anchor.offset or ()],
            }
        else:
            entry = {
                "mesh": anchor.mesh,
                "vertices": list(anchor.vertices),
                "weights": list(anchor.weights),
            }
        keypoints[name] = {**entry, "part": list(anchor.part)}
    data = {
        "rig": rig_map.rig,
        "body_frame": [[round(float(value), 9) for value in row] for row in rig_map.body_frame],
        "trunk_length": round(rig_map.trunk_length, decimals),
        "ground": round(rig_map.ground, decimals),
        "joints": joints,
        "keypoints": keypoints,
        "missing": list(rig_map.missing),
    }
    body = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    return _HEADER.format(rig=rig_map.rig) + body


def read_rig_map(path: Path, geometry: RigGeometry) -> RigMap:
    """Read a rig map and check it against the rig it is used with.

    Raises
    ------
    RigMapError
        Where the file is not YAML, a key is unknown or missing, or a bone, mesh or vertex is not the rig's.
    """
    return parse_rig_map(read_text(path), geometry, str(path))


def read_text(path: Path) -> str:
    """Text of a file.

    Raises
    ------
    RigMapError
        It is not there, or no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RigMapError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise RigMapError(f"{path}: is no text; a rig map is a YAML file") from error


def parse_rig_map(text: str, geometry: RigGeometry, source: str) -> RigMap:
    """A rig map from its YAML, checked against the rig it is used with.

    Parameters
    ----------
    text
        YAML as :func:`rig_map_text` writes it.
    geometry
        The rig.
    source
        File it came from, for messages.

    Raises
    ------
    RigMapError
        As for :func:`read_rig_map`; the message names file, line and key.
    """
    import yaml

    try:
        nodes = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_twice(nodes, source)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        raise RigMapError(f"{source}:{line} not valid YAML ({getattr(error, 'problem', error)})") from error
    except RecursionError:
        raise RigMapError(f"{source}: nested too deeply for a rig map") from None
    return _Reader(source, geometry, nodes).rig_map(data)


def _refuse_twice(node: Any, source: str) -> None:
    """Refuse keys that are there twice: YAML would silently take the last, after an edit by copying."""
    import yaml

    # Values a person nests that deep, or repeats by alias, are refused by what they are later on.
    waiting = [(node, 0)]
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, yaml.MappingNode) or depth > 3:
            continue
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise RigMapError(
                    f"{source}: line {key.start_mark.line + 1}: the key '{name}' is there twice; keep one"
                )
            seen.add(name)
            waiting.append((value, depth + 1))


def refuse_another_rigs(text: str, geometry: RigGeometry, source: str) -> None:
    """Refuse a map whose bones and meshes are mostly not this rig's, and say what differs.

    What is wrong in detail, :func:`parse_rig_map` tells.

    Parameters
    ----------
    text, geometry, source
        As for :func:`parse_rig_map`.

    Raises
    ------
    RigMapError
        It was made for another rig.
    """
    import yaml

    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return
    if not isinstance(data, Mapping):
        return
    bones = _named(data, ("joints", "keypoints"), "bone")
    meshes = _named(data, ("keypoints",), "mesh")
    strange = [name for name in bones if name not in geometry.bone_names]
    absent = [name for name in meshes if name not in geometry.mesh_names]
    if len(strange) * 2 <= len(bones) and (not meshes or len(absent) < len(meshes)):
        return
    parts = []
    if strange:
        parts.append(f"no bone {_some(strange)} ({len(strange)} of {len(bones)})")
    if absent:
        parts.append(f"no mesh {_some(absent)}; its meshes are {_some(geometry.mesh_names)}")
    raise RigMapError(
        f"{source}: a map of another rig, {data.get('rig')!r}: this armature has {' and '.join(parts)}"
    )


def refuse_moved(rig_map: RigMap, geometry: RigGeometry, source: str) -> None:
    """Refuse a map whose joints do not lie at this rig's bones.

    Raises
    ------
    RigMapError
        Half of the joints lie farther from their bones than any limb is thick: the map is of a rig with the
        same names, or of this one before it was moved, turned or scaled.
    """
    if not rig_map.joints:
        return
    heads = dict(zip(geometry.bone_names, geometry.bone_heads, strict=True))
    gaps = [np.linalg.norm(heads[joint.bone] - joint.position) for joint in rig_map.joints.values()]
    away = float(np.median(gaps)) / rig_map.trunk_length
    if away > _AT_ITS_BONES:
        raise RigMapError(
            f"{source}: its joints lie {away:.2g} trunk lengths from this armature's bones: it is a map of "
            f"another rig with the same names, or the animal was moved, turned or scaled since; "
            f"put it back or map it again"
        )


def _named(data: Mapping[str, Any], parts: Sequence[str], field: str) -> list[str]:
    """Distinct bones or meshes that a map names, in its order, as far as it is made like one."""
    found: dict[str, None] = {}
    for part in parts:
        entries = data.get(part)
        for entry in entries.values() if isinstance(entries, Mapping) else ():
            if isinstance(entry, Mapping) and isinstance(entry.get(field), str):
                found[entry[field]] = None
    return list(found)


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:3]) + (", …" if len(names) > 3 else "")


class _Reader:
    """Checks one parsed file; holds what every message needs."""

    def __init__(self, source: str, geometry: RigGeometry, nodes: Any) -> None:
        self._source = source
        self._geometry = geometry
        self._nodes = nodes

    def rig_map(self, data: Any) -> RigMap:
        top = self._mapping(data, "the file")
        for key in top:
            if key not in _KEYS:
                self._fail(f"unknown key '{key}'; a rig map has {', '.join(_KEYS)}", str(key))
        for key in _KEYS[:-1]:
            if key not in top:
                self._fail(f"key '{key}' is missing; `pasyn rig map` writes a complete one")
        frame = np.array(
            [self._numbers(row, "body_frame", 3) for row in self._list(top["body_frame"], "body_frame")]
        )
        if (
            frame.shape != (3, 3)
            or np.abs(frame @ frame.T - np.eye(3)).max() > 1e-3
            or np.linalg.det(frame) < 0
        ):
            self._fail("body_frame must be three perpendicular unit rows: left, backward, up", "body_frame")
        joints = {
            self._known(name, JOINTS, "joints", f"joints.{name}"): self._joint(name, entry)
            for name, entry in self._mapping(top["joints"], "joints").items()
        }
        keypoints = {
            # A misspelt one would leave the right one without a label in every picture.
            self._known(name, LANDMARKS, "keypoints", f"keypoints.{name}"): self._anchor(str(name), entry)
            for name, entry in self._mapping(top["keypoints"], "keypoints").items()
        }
        (trunk,) = self._numbers([top["trunk_length"]], "trunk_length", 1)
        (ground,) = self._numbers([top["ground"]], "ground", 1)
        if trunk <= 0:
            self._fail(f"trunk_length is {trunk}; it must be above 0", "trunk_length")
        missing = tuple(str(name) for name in self._list(top.get("missing") or [], "missing"))
        return RigMap(str(top["rig"]), frame, trunk, ground, joints, keypoints, missing)

    def _joint(self, name: str, entry: Any) -> JointBinding:
        key = f"joints.{name}"
        fields = self._fields(entry, key, ("bone", "position", "alignment"))
        x, y, z = self._numbers(fields.get("position"), f"{key}.position", 3)
        alignment = None
        if "alignment" in fields:
            a, b, c = self._numbers(fields["alignment"], f"{key}.alignment", 3)
            alignment = (a, b, c)
        return JointBinding(self._bone(fields.get("bone"), f"{key}.bone"), (x, y, z), alignment)

    def _anchor(self, name: str, entry: Any) -> KeypointAnchor:
        key = f"keypoints.{name}"
        fields = self._fields(entry, key, ("bone", "offset", "mesh", "vertices", "weights", "part"))
        part = tuple(
            self._bone(bone, f"{key}.part") for bone in self._list(fields.get("part") or [], f"{key}.part")
        )
        if ("bone" in fields) == ("mesh" in fields):
            self._fail(f"{key} needs either 'bone' with 'offset' or 'mesh' with 'vertices'", key)
        if "bone" in fields:
            bone = self._bone(fields["bone"], f"{key}.bone")
            x, y, z = self._numbers(fields.get("offset", [0, 0, 0]), f"{key}.offset", 3)
            return KeypointAnchor(part or (bone,), bone=bone, offset=(x, y, z))
        return self._mesh_anchor(key, fields, part)

    def _mesh_anchor(self, key: str, fields: Mapping[str, Any], part: tuple[str, ...]) -> KeypointAnchor:
        names = self._geometry.mesh_names
        mesh = self._known(fields["mesh"], names, f"{key}.mesh")
        index = names.index(mesh)
        offsets = self._geometry.mesh_offsets
        count = int(offsets[index + 1] - offsets[index])
        vertices = self._list(fields.get("vertices"), f"{key}.vertices")
        for vertex in vertices:
            if not isinstance(vertex, int) or isinstance(vertex, bool) or not 0 <= vertex < count:
                self._fail(
                    f"{key}.vertices: {vertex!r} is no vertex of '{mesh}', which has {count}",
                    f"{key}.vertices",
                )
        if not vertices:
            self._fail(f"{key}.vertices is empty; name at least one vertex", f"{key}.vertices")
        given = fields.get("weights")
        weights = (
            [1.0] * len(vertices) if given is None else self._numbers(given, f"{key}.weights", len(vertices))
        )
        total = sum(weights)
        if min(weights) < 0 or total <= 0:
            self._fail(f"{key}.weights must not be negative, nor all 0", f"{key}.weights")
        if abs(total - 1.0) < _ROUNDED:  # as they were written: what is read is written the same again
            total = 1.0
        if not part:
            stacked = np.asarray(vertices) + offsets[index]
            carried = self._geometry.weights[stacked].max(axis=0) > 0.15
            part = tuple(name for name, c in zip(self._geometry.bone_names, carried, strict=True) if c)
        return KeypointAnchor(
            part, mesh=mesh, vertices=tuple(vertices), weights=tuple(weight / total for weight in weights)
        )

    def _bone(self, value: Any, key: str) -> str:
        return self._known(value, self._geometry.bone_names, key)

    def _known(self, value: Any, names: Sequence[str], key: str, place: str | None = None) -> str:
        if value not in names:
            import difflib

            close = difflib.get_close_matches(str(value), names, n=3)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            self._fail(f"{key}: '{value}' is not in this rig or skeleton{hint}", place or key)
        return str(value)

    def _fields(self, entry: Any, key: str, allowed: Sequence[str]) -> Mapping[str, Any]:
        fields = self._mapping(entry, key)
        for field in fields:
            if field not in allowed:
                self._fail(
                    f"{key}: unknown key '{field}'; allowed are {', '.join(allowed)}", f"{key}.{field}"
                )
        return fields

    def _mapping(self, value: Any, key: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._fail(f"{key} must be a mapping, not {type(value).__name__}", key)
        return value

    def _list(self, value: Any, key: str) -> list[Any]:
        if not isinstance(value, list):
            self._fail(f"{key} must be a list, not {type(value).__name__}", key)
        return value

    def _numbers(self, value: Any, key: str, count: int) -> list[float]:
        numbers = self._list(value, key)
        if len(numbers) != count or not all(
            isinstance(number, int | float) and not isinstance(number, bool) and np.isfinite(number)
            for number in numbers
        ):
            self._fail(f"{key} must be {count} finite number(s), not {value!r}", key)
        return [float(number) for number in numbers]

    def _fail(self, message: str, key: str = "") -> NoReturn:
        raise RigMapError(f"{self._source}: {self._line(key)}{message}")

    def _line(self, key: str) -> str:
        """Where a dotted key stands in the file, in words; nothing where it does not."""
        node, line = self._nodes, None
        for word in key.split("."):
            pairs = node.value if getattr(node, "id", "") == "mapping" else ()
            found = [(name, value) for name, value in pairs if str(name.value) == word]
            if not found:
                break
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        return "" if line is None else f"line {line}: "
