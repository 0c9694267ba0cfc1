"""Poses of the prior."""

from __future__ import annotations

from typing import Any

import bpy

from ...prior.pose_verdict import Verdict
from .. import kept_pose, live_judgement, posing, scene_prior
from .sidebar import SidebarPanel, wrapped


class PASYN_PT_pose(SidebarPanel, bpy.types.Panel):
    """Draw poses from the prior."""

    bl_idname = "PASYN_PT_pose"
    bl_label = "Pose"
    bl_order = 2

    @classmethod
    def register(cls) -> None:
        """Start to listen for changed poses; Blender calls it."""
        live_judgement.register()

    @classmethod
    def unregister(cls) -> None:
        """Stop; Blender calls it."""
        live_judgement.unregister()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        animal = context.scene.pasyn.animal
        return bool(animal.armature is not None and animal.rig_map)

    def draw(self, context: bpy.types.Context) -> None:
        """Show prior, seed and what can be done with a pose."""
        layout = self.layout
        settings = context.scene.pasyn.pose
        armature = context.scene.pasyn.animal.armature
        layout.row().prop(settings, "prior", expand=True)
        if settings.prior == "file":
            layout.prop(settings, "prior_file", text="")
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("pasyn.step_pose", text="", icon="TRIA_LEFT").step = -1
        row.operator("pasyn.sample_pose", icon="ARMATURE_DATA")
        row.operator("pasyn.step_pose", text="", icon="TRIA_RIGHT").step = 1
        column = layout.column(align=True)
        column.prop(settings, "seed")
        column.prop(settings, "sigma", slider=True)
        column.prop(settings, "temperature", slider=True)
        layout.prop(settings, "feasible")
        if _is_constrained(armature):
            layout.prop(settings, "mute_constraints")
        row = layout.row(align=True)
        row.operator("pasyn.mirror_pose", text="Mirror", icon="MOD_MIRROR")
        row.operator("pasyn.key_pose", icon="KEY_HLT")
        if kept_pose.kept_entry(context.scene, armature) is not None:
            layout.operator("pasyn.restore_pose", text="Restore Own Pose", icon="LOOP_BACK")


class PASYN_PT_pose_judgement(SidebarPanel, bpy.types.Panel):
    """How plausible the present pose is."""

    bl_idname = "PASYN_PT_pose_judgement"
    bl_parent_id = "PASYN_PT_pose"
    bl_label = "Plausibility"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show the verdict, also while the panel is closed."""
        if context.scene.pasyn.pose.show_judgement:
            found, _ = live_judgement.shown(context)
            self.layout.label(text=f"{found.percent:.0f} %" if found is not None else "…")

    def draw(self, context: bpy.types.Context) -> None:
        """Show the verdict and its reasons."""
        layout = self.layout
        settings = context.scene.pasyn.pose
        layout.prop(settings, "show_judgement")
        if not settings.show_judgement:
            return
        found, problem = live_judgement.shown(context)
        if problem:
            wrapped(layout, context, problem, "INFO")
        elif found is not None:
            _draw_verdict(layout, context, found)


class PASYN_PT_pose_directions(SidebarPanel, bpy.types.Panel):
    """Sliders along the strongest latent directions."""

    bl_idname = "PASYN_PT_pose_directions"
    bl_parent_id = "PASYN_PT_pose"
    bl_label = "Sliders"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Show a slider for each direction."""
        layout = self.layout
        settings = context.scene.pasyn.pose
        known = scene_prior.known_directions(context.scene)
        if known is None or posing.scene_animal(context) is None:
            wrapped(layout, context, "Sample a pose first; then sliders move it live", "INFO")
            return
        column = layout.column(align=True)
        for index, moves in enumerate(known.moves):
            column.prop(settings, "directions", index=index, text=moves.capitalize(), slider=True)
        layout.operator("pasyn.reset_directions", icon="LOOP_BACK")


class PASYN_PT_pose_walk(SidebarPanel, bpy.types.Panel):
    """A smooth walk as keyframes."""

    bl_idname = "PASYN_PT_pose_walk"
    bl_parent_id = "PASYN_PT_pose"
    bl_label = "Walk"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Show frames, seed and speed."""
        layout = self.layout
        settings = context.scene.pasyn.pose
        row = layout.row(align=True)
        row.prop(settings, "walk_start")
        row.prop(settings, "walk_end")
        column = layout.column(align=True)
        column.prop(settings, "walk_seed")
        column.prop(settings, "walk_speed")
        layout.operator("pasyn.fill_walk", icon="ACTION")


class PASYN_PT_pose_corpus(SidebarPanel, bpy.types.Panel):
    """The actions of this file as a corpus."""

    bl_idname = "PASYN_PT_pose_corpus"
    bl_parent_id = "PASYN_PT_pose"
    bl_label = "Corpus"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only in a file with actions."""
        return any(kept_pose.OWN_ACTION not in action for action in bpy.data.actions)

    def draw(self, context: bpy.types.Context) -> None:
        """Show the rate and the button."""
        layout = self.layout
        layout.prop(context.scene.pasyn.pose, "corpus_rate")
        layout.operator("pasyn.extract_corpus", text="Extract Actions", icon="EXPORT")


def _draw_verdict(layout: Any, context: bpy.types.Context, found: Verdict) -> None:
    icon = "CHECKMARK" if found.percent >= 20 else ("INFO" if found.percent >= 5 else "ERROR")
    percent = f"{found.percent:.0f} %"
    text = f"{found.word}: more plausible than {percent} of the prior's own poses"
    wrapped(layout, context, text, icon)
    for title, joints in (("Farthest off", found.odd), ("Beyond limits", found.beyond)):
        if joints:
            named = ", ".join(f"{joint.replace('_', ' ')} {degrees:.0f}°" for joint, degrees in joints)
            wrapped(layout, context, f"{title}: {named}", "DOT")
    if found.crossing:
        pairs = ", ".join(f"{a} and {b}".replace("_", " ") for a, b in found.crossing)
        wrapped(layout, context, f"Run through one another: {pairs}", "DOT")


def _is_constrained(armature: Any) -> bool:
    animation = armature.animation_data
    if animation is not None and any(d.data_path.startswith("pose.bones") for d in animation.drivers):
        return True
    return any(len(bone.constraints) for bone in armature.pose.bones)


CLASSES = (
    PASYN_PT_pose,
    PASYN_PT_pose_judgement,
    PASYN_PT_pose_directions,
    PASYN_PT_pose_walk,
    PASYN_PT_pose_corpus,
)
