"""Exact rig map of a built-in animal: its joints are known, and keypoints go where people click them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.keypoint_sets import LANDMARKS
from ..anatomy.skeleton import JOINTS
from ..errors import RigMapError
from ..rig.geometry import RigGeometry
from ..rig.loaded_rig import LoadedRig
from ..rig.rig_map import JointBinding, KeypointAnchor, RigMap
from .skeleton import CANONICAL_BONES, SIDE_SUFFIXES
from .sweep import FloatArray, IntArray

# Limb keypoint: bone at whose joint it sits, and the bones whose skin is its own.
_LIMB_KEYPOINTS: Final = {
    "shoulder": ("forearm", ("upper_arm", "forearm", "scapula")),
    "elbow": ("front_cannon", ("forearm", "front_cannon")),
    "front_paw": ("front_hoof", ("front_pastern", "front_hoof")),
    "hip": ("shin", ("thigh", "shin")),
    "knee": ("hind_cannon", ("shin", "hind_cannon")),
    "back_paw": ("hind_hoof", ("hind_pastern", "hind_hoof")),
}
_HOOVES: Final = ("front_paw", "back_paw")
_STIFLE_FROM_FRONT: Final = 0.46
"""People click the stifle nearer the middle of the thigh than the joint is: share of the leg's breadth."""
_EAR_BASE: Final = 0.06
"""Where an ear is clicked, as a share of its length from its root, which is in the skull."""
_TRUNK: Final = 0.52
"""Pelvis to chest in the lengths that the tolerances below are given in, about metres on a horse."""
_HANGS: Final = 1.25
"""What is farther from the poll than this, in lengths of the head's bone, is a trunk or a beard."""
_AS_THICK_AS_A_TRUNK: Final = 0.5
"""Half width of what hangs beside that of the face: elephants' trunks have 0.7 or more, goats' beards
0.33 or less."""
_CLICKED_BELOW: Final = {"shoulder": 0.14, "knee": 0.07}
"""Elbow and hock are clicked lower than their joints turn, the elbow where the leg leaves the trunk: share of
the bone below, from the heights of these keypoints on photos of horses standing in profile."""


def animal_rig_map(species: str, rig: LoadedRig, geometry: RigGeometry) -> RigMap:
    """Canonical joints and landmarks of a built animal.

    Parameters
    ----------
    species
        The species it was built as.
    rig
        What :func:`~.build.build_animal` returned.
    geometry
        Its rest pose.

    Returns
    -------
    RigMap
        Complete: nothing is missing.

    Raises
    ------
    RigMapError
        If the rig was not built by :func:`~.build.build_animal`.
    """
    absent = sorted(set(CANONICAL_BONES.values()) - set(geometry.bone_names))
    body, eyes = f"{species}_body", f"{species}_eyes"
    if absent or not {body, eyes} <= set(geometry.mesh_names):
        raise RigMapError(
            f"{rig.path.name}: not the built-in {species} (bones or meshes are missing: {absent})"
        )
    model = _Landmarks(geometry, body, eyes)
    heads = geometry.bone_heads
    joints = {}
    for joint in JOINTS:
        bone = CANONICAL_BONES[joint]
        x, y, z = heads[geometry.bone_names.index(bone)]
        joints[joint] = JointBinding(bone, (float(x), float(y), float(z)))
    anchors = model.axial()
    for side, suffix in SIDE_SUFFIXES.items():
        anchors |= model.limbs(side, suffix)
    anchors |= {"withers": model.withers_anchor(), "throat": model.throat()}
    withers, tail = model.withers(), model.rest(anchors["root_of_tail"])
    return RigMap(
        rig=rig.path.name,
        body_frame=np.eye(3),
        trunk_length=float(np.linalg.norm(withers - tail)),
        ground=0.0,
        joints=joints,
        keypoints={name: anchors[name] for name in LANDMARKS},
    )


class _Landmarks:
    """Finds places on the rest pose."""

    def __init__(self, geometry: RigGeometry, body: str, eyes: str) -> None:
        self._geometry = geometry
        self._names = {"body": body, "eyes": eyes}
        pelvis, chest = self._bone("pelvis")[0], self._bone("chest")[0]
        self._unit = float(np.linalg.norm(chest - pelvis)) / _TRUNK

    def _vertices(self, mesh: str) -> FloatArray:
        geometry = self._geometry
        number = geometry.mesh_names.index(mesh)
        part: FloatArray = geometry.vertices[
            geometry.mesh_offsets[number] : geometry.mesh_offsets[number + 1]
        ]
        return part

    def _weight(self, mesh: str, *bones: str) -> FloatArray:
        geometry = self._geometry
        number = geometry.mesh_names.index(mesh)
        rows = geometry.weights[geometry.mesh_offsets[number] : geometry.mesh_offsets[number + 1]]
        total: FloatArray = (
            rows[:, [geometry.bone_names.index(bone) for bone in bones]].sum(axis=1).astype(float)
        )
        return total

    def _bone(self, name: str) -> tuple[FloatArray, FloatArray]:
        number = self._geometry.bone_names.index(name)
        return self._geometry.bone_heads[number], self._geometry.bone_tails[number]

    def rest(self, anchor: KeypointAnchor) -> FloatArray:
        """(3,) rest position of a vertex anchor."""
        if anchor.mesh is None:
            raise RigMapError(f"a keypoint on {anchor.bone} is not anchored to skin")
        place: FloatArray = np.array(anchor.weights) @ self._vertices(anchor.mesh)[list(anchor.vertices)]
        return place

    def withers(self) -> FloatArray:
        """(3,) highest point of the back above the shoulder blades, below the mane."""
        skin, ridge, weight = self._ridge()
        # Where a steep neck begins right before the shoulder blades, no skin is the trunk's alone.
        rows = np.flatnonzero(ridge & (weight > min(0.8, 0.9 * float(weight[ridge].max(initial=0.0)))))
        place: FloatArray = skin[rows[skin[rows, 2].argmax()]] * np.array([0.0, 1.0, 1.0])
        return place

    def withers_anchor(self) -> KeypointAnchor:
        """Where people click the withers: that place on the skin, never on the breast below it."""
        skin, ridge, weight = self._ridge()
        above = ridge & (skin[:, 2] > self._bone("scapula.L")[0][2])
        rows = np.flatnonzero(above & (weight > min(0.8, 0.9 * float(weight[above].max(initial=0.0)))))
        return self._on_midline(rows, skin[rows, 2], ("chest", "spine_2", "scapula.L", "scapula.R"))

    def _ridge(self) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
        """(V, 3) skin, (V,) whether it is the middle of the shoulders, (V,) the trunk's share."""
        head, _ = self._bone("scapula.L")
        skin = self._vertices(self._names["body"])
        weight = self._weight(self._names["body"], "chest", "spine_2", "scapula.L", "scapula.R")
        span = np.abs(skin[:, 1] - head[1]) < 0.02 * self._unit
        return skin, span & (np.abs(skin[:, 0]) < 0.1 * self._unit), weight

    def throat(self) -> KeypointAnchor:
        """The skin below the poll that is nearest to it: behind the jaw the neck is thinnest."""
        body = self._names["body"]
        skin = self._vertices(body)
        poll, lips = self._bone("head")
        below, _ = self._bone("neck_3")
        forward, down = lips - poll, below - poll
        ventral = forward / np.linalg.norm(forward) + down / np.linalg.norm(down)
        ventral = ventral / np.linalg.norm(ventral)
        away = skin - poll
        length = np.linalg.norm(away, axis=1)
        # Hair and the tongue are not the animal's own outline.
        own = (np.abs(skin[:, 0]) < 0.02 * self._unit) & (away @ ventral > 0.6 * length)
        own &= self._weight(body, "head", "neck_3", "neck_2") > 0.9
        rows = np.flatnonzero(own)
        return self._on_midline(rows, -length[rows], ("head", "neck_3"))

    def _on_midline(self, rows: IntArray, score: FloatArray, part: tuple[str, ...]) -> KeypointAnchor:
        """Anchor of the pair of mirrored vertices, one of them in ``rows``, that scores highest."""
        mesh = self._names["body"]
        skin = self._vertices(mesh)
        first = int(rows[score.argmax()])
        gap = np.linalg.norm(skin - skin[first] * np.array([-1.0, 1.0, 1.0]), axis=1)
        second = int(gap.argmin())
        return KeypointAnchor(part=part, mesh=mesh, vertices=(first, second), weights=(0.5, 0.5))

    def axial(self) -> dict[str, KeypointAnchor]:
        """Eyes, nose, neck and root of the tail."""
        body = self._names["body"]
        skin = self._vertices(body)
        middle = np.abs(skin[:, 0]) < 0.02 * self._unit
        poll, lips = self._bone("head")
        forward = (lips - poll) / np.linalg.norm(lips - poll)
        dorsal = np.cross(forward, np.array([1.0, 0.0, 0.0]))
        length = float(np.linalg.norm(lips - poll))
        before = (self._weight(body, "head") > 0.99) & ((skin - lips) @ forward > -0.3 * length)
        away = np.linalg.norm(skin - poll, axis=1)
        hanging = before & (away > _HANGS * length)
        widths = np.abs(skin[:, 0])
        trunk = hanging.any() and widths[hanging].max() > _AS_THICK_AS_A_TRUNK * widths[before].max()
        face = np.flatnonzero(middle & before if trunk else middle & before & ~hanging)
        # The front of the muzzle between the nostrils, on a profile's outline; a trunk has them at its end.
        score = away[face] if trunk else skin[face] @ (forward + 0.75 * dorsal)
        nose = self._on_midline(face, score, ("head",))
        tail = self._tail_root(skin, middle)
        base, middle = self._bone("neck_1")
        neck = KeypointAnchor(
            part=("chest", "neck_1", "neck_2", "scapula.L", "scapula.R", "upper_arm.L", "upper_arm.R"),
            bone="neck_1",
            offset=(0.0, 0.36 * float(np.linalg.norm(middle - base)), 0.0),
        )
        anchors = {"nose": nose, "root_of_tail": tail, "neck": neck}
        eyes = self._vertices(self._names["eyes"])
        for side, sign in (("left", 1.0), ("right", -1.0)):
            rows = np.flatnonzero(sign * eyes[:, 0] > 0.0)
            # The middle of what shows of the eyeball: outwards and a little forwards.
            outward = np.array([sign, 0.0, 0.0]) + 0.25 * forward + 0.1 * dorsal
            best = int(rows[(eyes[rows] @ outward).argmax()])
            anchors[f"{side}_eye"] = KeypointAnchor(
                part=("head",), mesh=self._names["eyes"], vertices=(best,), weights=(1.0,)
            )
            anchors[f"{side}_ear_base"] = self._ear_base(SIDE_SUFFIXES[side])
        return anchors

    def _ear_base(self, suffix: str) -> KeypointAnchor:
        """The middle of the ear where it leaves the skull."""
        bone = f"ear{suffix}"
        root, tip = self._bone(bone)
        return KeypointAnchor(
            part=(bone, "head"), bone=bone, offset=(0.0, _EAR_BASE * float(np.linalg.norm(tip - root)), 0.0)
        )

    def _tail_root(self, skin: FloatArray, middle: NDArray[np.bool_]) -> KeypointAnchor:
        """Where the tail leaves the croup, on the outline of a profile."""
        root, end = self._bone("tail_1")
        gap = np.where(middle, np.linalg.norm(skin - root, axis=1), np.inf)
        # Under wool the skin is far from the joint.
        near = gap < max(0.10 * self._unit, 1.3 * float(gap.min()))
        rise = float((end - root)[2] / np.linalg.norm(end - root))
        if rise > 0.3:
            # A raised tail stands on the croup: its own skin reaches higher than the place where it begins.
            near &= self._weight(self._names["body"], "tail_1", "tail_2", "tail_3", "tail_4") < 0.5
        rows = np.flatnonzero(near)
        return self._on_midline(rows, skin[rows] @ np.array([0.0, 1.0, 1.6]), ("pelvis", "tail_1"))

    def limbs(self, side: str, suffix: str) -> dict[str, KeypointAnchor]:
        """Elbow, carpus, hoof, stifle, hock and hoof of one side, under AP-10K's names."""
        anchors = {}
        for keypoint, (bone, part) in _LIMB_KEYPOINTS.items():
            own = tuple(f"{name}{suffix}" for name in part)
            if keypoint == "hip":
                anchors[f"{side}_{keypoint}"] = self._stifle(suffix, own)
                continue
            name = f"{bone}{suffix}"
            head, tail = self._bone(name)
            place = head + _CLICKED_BELOW.get(keypoint, 0.0) * (tail - head)
            if keypoint in _HOOVES:  # the middle of the hoof
                place = np.array([head[0], 0.75 * head[1] + 0.25 * tail[1], 0.55 * head[2]])
            matrix = self._geometry.bone_matrices[self._geometry.bone_names.index(name)]
            x, y, z, _ = np.linalg.inv(matrix) @ np.array([*place, 1.0])
            anchors[f"{side}_{keypoint}"] = KeypointAnchor(
                part=own, bone=name, offset=(float(x), float(y), float(z))
            )
        return anchors

    def _stifle(self, suffix: str, part: tuple[str, ...]) -> KeypointAnchor:
        """Ring of skin at the stifle's height, weighted so that its mean lies where people click."""
        mesh = self._names["body"]
        skin = self._vertices(mesh)
        joint, _ = self._bone(f"shin{suffix}")
        own = (self._weight(mesh, *part) > 0.6) & (skin[:, 0] * joint[0] > 0.0)
        ring = np.flatnonzero(own & (np.abs(skin[:, 2] - joint[2]) < 0.03 * self._unit))
        along = skin[ring, 1]
        front, back = along.min(), along.max()
        target = np.array([joint[0], front + _STIFLE_FROM_FRONT * (back - front), joint[2]])
        shares = np.full(len(ring), 1.0 / len(ring))
        # Exponential tilting: the weights stay positive while the mean moves onto the target.
        for _ in range(60):
            mean = shares @ skin[ring]
            spread = (skin[ring] - mean).T * shares @ (skin[ring] - mean)
            push = np.linalg.solve(spread + 1e-9 * np.eye(3), target - mean)
            shares = shares * np.exp(np.clip((skin[ring] - mean) @ push, -1.0, 1.0))
            shares = shares / shares.sum()
        keep = shares > 1e-4
        weights = shares[keep] / shares[keep].sum()
        return KeypointAnchor(
            part=part,
            mesh=mesh,
            vertices=tuple(int(v) for v in ring[keep]),
            weights=tuple(float(w) for w in weights),
        )
