"""Putting keypoints back where the automatic mapping finds them."""

from collections.abc import Callable

import bpy

from ...errors import MappingError, RigMapError
from ...rig.anchor_moving import with_anchors
from ...rig.automatic import map_loaded_rig
from ...rig.mapping import map_rig
from ...rig.rig_map import RigMap
from .. import live_map
from ..properties.keypoints import chosen_set, mark_placed_by_hand, placed_by_hand
from ..scene_animal import pose_kept, rig_in_scene
from .background_work import WorksInBackground
from .keypoint_choice import can_edit, chosen_name, read_now, row_of, suggested


class PASYN_OT_reset_keypoint(WorksInBackground, bpy.types.Operator):
    """Put keypoints back where the automatic mapping finds them."""

    bl_idname = "pasyn.reset_keypoint"
    bl_label = "Reset Keypoint"
    bl_description = "Put a keypoint back where the automatic mapping finds it, or all of them"
    bl_options = {"REGISTER", "UNDO"}

    doing = "Looking for the keypoints"

    keypoint: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Keypoint",
        description="Name of the keypoint; empty for the one chosen in the list",
        search=suggested,
        options={"SKIP_SAVE"},
    )
    mirror: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description="Put the counterpart on the other side of the body back as well",
        default=True,
        options={"SKIP_SAVE"},
    )
    everything: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="All", description="Put all keypoints back", default=False, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be keypoints."""
        return can_edit(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Work in the background where the automatic map is not known yet."""
        if not self.properties.is_property_set("mirror"):
            self.mirror = context.scene.pasyn.keypoints.mirror
        live = live_map.current(context.scene)
        if live is not None and live.automatic is not None:
            return self.execute(context)
        return super().invoke(context, event)

    def begin(self, context: bpy.types.Context) -> Callable[[], RigMap | None]:
        """Find out which keypoints; the long part maps the animal anew."""
        self._wanted = self._which(context)
        live, _ = read_now(context)
        automatic, geometry, name = live.automatic, live.geometry, live.armature

        def work() -> RigMap | None:
            if automatic is not None:
                return automatic
            try:
                return map_rig(geometry, name)
            except MappingError:
                return None  # the rest pose does not stand: that needs Blender

        return work

    def _which(self, context: bpy.types.Context) -> tuple[str, ...]:
        scene = context.scene
        keypoint_set = chosen_set(scene)
        names = keypoint_set.keypoints
        if self.everything:
            return names
        self.keypoint = self.keypoint or chosen_name(scene)
        row = row_of(self.keypoint, scene)
        pair = (row, keypoint_set.mirror[row]) if self.mirror else (row,)
        return tuple(names[index] for index in dict.fromkeys(pair))

    def finish(self, context: bpy.types.Context, result: RigMap | None) -> None:
        """Put them back."""
        scene = context.scene
        live, rig_map = read_now(context)
        if result is None:
            animal = scene.pasyn.animal
            rig = rig_in_scene(animal.armature, scene, animal.source_file)
            with pose_kept(rig):
                result = map_loaded_rig(rig, live.geometry)
        live.automatic = result
        wanted = {name: chosen_set(scene).landmark(name) for name in self._wanted}
        anchors = {name: result.keypoints[name] for name in wanted.values() if name in result.keypoints}
        lost = [name for name, landmark in wanted.items() if landmark not in anchors]
        if not anchors:
            raise RigMapError(f"the automatic mapping does not find {lost[0]} on this animal")
        live_map.store(scene, with_anchors(rig_map, anchors))
        mark_placed_by_hand(scene, placed_by_hand(scene) - anchors.keys())
        if lost:
            self.report({"WARNING"}, f"Not found automatically: {', '.join(lost)}")
        live_map.redraw_views()


CLASSES = (PASYN_OT_reset_keypoint,)
