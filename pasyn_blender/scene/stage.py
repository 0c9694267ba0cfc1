"""A scene with one animal in it that takes one picture after another.

What a picture looks like depends on its shot alone: everything a shot decides is set anew for each, and
everything else never changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ..anatomy.keypoint_sets import KeypointSet
from ..anatomy.rotations import to_turn
from ..anatomy.skeleton import JOINTS
from ..annotation.ground_shade import ground_shade
from ..annotation.projection import project
from ..annotation.truth import (
    CanonicalTruth,
    SceneTruth,
    Truth,
    bone_rotations,
    joint_positions,
    labelled,
)
from ..annotation.visibility import visibility
from ..errors import RenderError
from ..rig.anchors import keypoint_positions, part_triangles
from ..rig.geometry import FloatArray, IntArray, RigGeometry
from ..rig.loading import LoadedRig, apply_action, deformed_vertices, posed_bone_matrices
from ..rig.retargeting import LIMBS
from ..rig.rig_map import RigMap
from .camera import aim_camera, create_camera, render_border
from .canonical_posing import CanonicalPosing, TakenPose, from_turns
from .coat import Coat, prepare_coat
from .framing import View, solve_view
from .lighting import Lighting, apply_light, create_lighting, sky_rotation
from .passes import PassFiles
from .render_settings import RenderOptions, configure_render
from .requests import ShotRequest

BORDER_MARGIN = 4
"""Pixels rendered around the animal: the pixel filter reaches 1.5, the denoiser looks a little further."""


@dataclass(frozen=True)
class Animal:
    """A rig in the scene with all that labelling needs.

    Attributes
    ----------
    rig, geometry, rig_map
        The rig, its rest pose and its map.
    keypoint_set
        Which keypoints are labelled.
    surface
        (K,) which keypoints are surface points.
    parts
        The triangles that count as each keypoint's own.
    bearing
        (V,) which vertices can bear the animal: all but the tail's, which hangs below ground where it lies.
    """

    rig: LoadedRig
    geometry: RigGeometry
    rig_map: RigMap
    keypoint_set: KeypointSet
    surface: NDArray[np.bool_]
    parts: tuple[IntArray, ...]
    bearing: NDArray[np.bool_]

    @classmethod
    def prepare(
        cls, rig: LoadedRig, geometry: RigGeometry, rig_map: RigMap, keypoint_set: KeypointSet
    ) -> Animal:
        """Prepare a loaded rig.

        Raises
        ------
        RigMapError
            The map does not fit the rig.
        """
        surface = np.array([name in keypoint_set.surface for name in keypoint_set.keypoints])
        parts = part_triangles(rig_map, keypoint_set, geometry)
        return cls(rig, geometry, rig_map, keypoint_set, surface, parts, bearing_vertices(geometry, rig_map))


def bearing_vertices(geometry: RigGeometry, rig_map: RigMap) -> NDArray[np.bool_]:
    """(V,) which vertices can bear an animal: all but the tail's, which hangs below ground where it lies."""
    roots = {joint.bone for name, joint in rig_map.joints.items() if name.startswith("tail_")}
    of_tail = np.zeros(len(geometry.bone_names), dtype=bool)
    for bone, parent in enumerate(geometry.bone_parents.tolist()):  # parents come before children
        of_tail[bone] = geometry.bone_names[bone] in roots or (parent >= 0 and of_tail[parent])
    bearing = geometry.weights[:, of_tail].sum(axis=1) <= 0.5
    # A map that takes the whole animal for its tail must not leave it without ground.
    return np.asarray(bearing if bearing.mean() > 0.5 else np.ones(len(bearing), dtype=bool))


@dataclass(frozen=True)
class Posed:
    """An animal posed and framed, and its labels.

    Attributes
    ----------
    view
        The solved camera.
    vertices
        (V, 3) posed vertices.
    truth
        The labels.
    """

    view: View
    vertices: FloatArray
    truth: Truth


class Stage:
    """Renders shots of one animal.

    Parameters
    ----------
    animal
        The animal; its meshes must be in the current scene.
    options
        How to render.

    Raises
    ------
    RenderError
        Device or engine are missing.
    """

    def __init__(self, animal: Animal, options: RenderOptions) -> None:
        self.animal = animal
        self.options = options
        self.scene = bpy.context.scene
        configure_render(self.scene, options)
        self.camera = create_camera(self.scene)
        self.lighting: Lighting = create_lighting(self.scene)
        self.coat: Coat = prepare_coat(animal.rig.meshes)
        self.passes: PassFiles | None = PassFiles(self.scene, options.passes) if options.passes else None
        self._posing: CanonicalPosing | None = None

    @property
    def posing(self) -> CanonicalPosing:
        """What poses the animal canonically; prepared when first wanted, which takes about a second."""
        if self._posing is None:
            animal = self.animal
            self._posing = CanonicalPosing(animal.rig, animal.geometry, animal.rig_map)
        return self._posing

    def prepare_posing(self) -> None:
        """Find out now whether the animal can be posed canonically.

        Raises
        ------
        PasynError
            Its map does not allow it.
        """
        _ = self.posing

    def replace_animal(self, animal: Animal) -> None:
        """Go on with another animal, which is in the scene in place of the one before."""
        self.animal = animal
        self.coat = prepare_coat(animal.rig.meshes)
        self._posing = None

    def arrange(self, shot: ShotRequest) -> Posed:
        """Pose, frame, light and label, without rendering.

        Raises
        ------
        RigError
            The rig has no such action.
        RenderError
            The pose cannot be framed, or the world is missing.
        """
        animal = self.animal
        taken = self._pose(shot)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        vertices = deformed_vertices(animal.rig, depsgraph) if taken is None else taken.vertices
        bones = posed_bone_matrices(animal.rig, depsgraph)
        if len(vertices) != len(animal.geometry.vertices):
            raise RenderError(
                f"action {shot.action!r} changes the number of vertices from {len(animal.geometry.vertices)} "
                f"to {len(vertices)}; a modifier of the rig depends on the pose"
            )
        view, scene = frame_and_light(
            animal.rig_map,
            animal.geometry.triangles,
            vertices,
            animal.bearing,
            shot,
            self.options.size,
            self.camera,
            self.lighting,
        )
        self.coat.apply(shot.coat)
        truth = self._label(view, vertices, bones, shot.light.world_rotation, scene)
        if taken is not None:
            truth = replace(truth, canonical=_canonical_truth(taken))
        return Posed(view, vertices, truth)

    def _pose(self, shot: ShotRequest) -> TakenPose | None:
        """Pose the animal and update the scene; returns the canonical pose where the shot has one."""
        if shot.pose is not None:
            return self.posing.take([from_turns(turns) for turns in shot.pose.candidates])
        if shot.action is None or shot.frame is None:
            raise RenderError("the shot has neither an action nor a pose; delete shots.jsonl and run again")
        if self._posing is not None:
            self._posing.release()
        apply_action(self.animal.rig, shot.action, shot.frame)
        # A second evaluation settles what depends on itself; pose_bone values are stale without it.
        bpy.context.view_layer.update()
        return None

    def render(self, shot: ShotRequest, picture: Path, passes: Mapping[str, Path] | None = None) -> Truth:
        """Render a shot.

        Parameters
        ----------
        shot
            What to render.
        picture
            Where Blender writes the RGBA PNG.
        passes
            Where the EXR of each pass of the options goes.

        Raises
        ------
        PasynError
            As :meth:`arrange`, or nothing was written.
        """
        posed = self.arrange(shot)
        self._set_border(posed.view)
        if self.passes is not None:
            self.passes.aim(picture.parent, picture.name)
        self.scene.render.filepath = str(picture)
        try:
            bpy.ops.render.render(write_still=True)
        except RuntimeError as error:
            raise RenderError(f"Blender could not render: {str(error).strip()}") from None
        if not picture.is_file():
            raise RenderError(f"Blender wrote no picture to {picture}; is the disk full?")
        if self.passes is not None and passes is not None:
            self.passes.collect(passes)
        return posed.truth

    def _set_border(self, view: View) -> None:
        """Render only what the animal can touch; the rest of the picture is transparent anyway."""
        render = self.scene.render
        if self.options.engine != "cycles" or self.options.passes:
            return
        border = render_border(view, BORDER_MARGIN)
        if border is None:
            raise RenderError("the animal lies wholly outside the picture; ask for less truncation")
        width, height = view.size
        left, top, right, bottom = border
        render.use_border = True
        # Blender truncates fractions to pixels, from below: a quarter of a pixel keeps rounding harmless.
        render.border_min_x = (left + 0.25) / width if left else 0.0
        render.border_max_x = (right + 0.25) / width if right < width else 1.0
        render.border_min_y = (height - bottom + 0.25) / height if bottom < height else 0.0
        render.border_max_y = (height - top + 0.25) / height if top else 1.0

    def _label(
        self,
        view: View,
        vertices: FloatArray,
        bones: FloatArray,
        world_rotation: float,
        scene: SceneTruth,
    ) -> Truth:
        animal, geometry, rig_map = self.animal, self.animal.geometry, self.animal.rig_map
        points = keypoint_positions(rig_map, animal.keypoint_set, geometry, vertices, bones)
        pixels, _ = project(points, view.intrinsics, view.world_to_camera)
        visible = visibility(
            pixels,
            points,
            animal.surface,
            animal.parts,
            vertices,
            geometry.triangles,
            view.world_to_camera,
            view.size,
            rig_map.trunk_length,
        )
        turns = bone_rotations(geometry.bone_matrices, bones, geometry.bone_parents)
        joints = {name: (joint.bone, joint.position) for name, joint in rig_map.joints.items()}
        return Truth(
            size=view.size,
            keypoints=labelled(pixels, visible),
            keypoints_world=points,
            intrinsics=view.intrinsics,
            world_to_camera=view.world_to_camera,
            joints_world=joint_positions(joints, geometry.bone_names, geometry.bone_matrices, bones),
            pose=dict(zip(geometry.bone_names, turns, strict=True)),
            root_matrix=bones[0],
            sky_rotation=sky_rotation(world_rotation, rig_map.body_frame),
            scene=scene,
        )


def frame_and_light(
    rig_map: RigMap,
    triangles: IntArray,
    vertices: FloatArray,
    bearing: NDArray[np.bool_],
    shot: ShotRequest,
    size: tuple[int, int],
    camera: bpy.types.Object,
    lighting: Lighting,
) -> tuple[View, SceneTruth]:
    """Aim camera, sun and sky at a posed animal.

    Parameters
    ----------
    rig_map, triangles
        Of the animal.
    vertices
        (V, 3) posed vertices, world space.
    bearing
        From :func:`bearing_vertices`.
    shot
        Its camera and light are used.
    size
        (width, height) of the picture in pixels.
    camera, lighting
        What is aimed.

    Returns
    -------
    The solved camera, and what composition needs to know of ground and light.

    Raises
    ------
    RenderError
        The pose cannot be framed, or the world is missing.
    """
    body_frame = rig_map.body_frame
    ground = float((vertices[bearing] @ body_frame[2]).min())
    view = solve_view(vertices, body_frame, shot.camera, size, ground)
    aim_camera(camera, view)
    light = apply_light(lighting, shot.light, body_frame, -view.world_to_camera[2, :3])
    scene = SceneTruth(
        up=body_frame[2],
        ground=ground,
        toward_sun=light.toward_sun,
        sun_irradiance=light.sun_irradiance,
        sky_irradiance=light.sky_irradiance,
        light_colour=light.colour,
        shade=ground_shade(vertices, triangles, body_frame, light.toward_sun, ground),
    )
    return view, scene


def _canonical_truth(taken: TakenPose) -> CanonicalTruth:
    return CanonicalTruth(
        turns=dict(zip(JOINTS, to_turn(taken.rotations), strict=True)),
        candidate=taken.candidate,
        clearance=dict(zip(LIMBS, taken.clearance.tolist(), strict=True)),
        self_intersection=taken.self_intersection,
        allowed=taken.allowed,
        rounds=taken.rounds,
    )
