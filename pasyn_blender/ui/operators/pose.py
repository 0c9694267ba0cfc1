"""Posing the animal by the prior: drawing poses, mirroring, keying, and giving back what was there."""

from typing import Any

import bpy

from ...anatomy.kinematics import mirrored_pose
from ...anatomy.rotations import from_turn
from ...prior.shot_poses import block_of_poses, first_pose, pose_source
from ...rig.retargeting import LIMBS, CanonicalPoses
from .. import kept_pose, latent_sliders, live_judgement, posing, scene_prior
from ..pose_keys import insert_pose_keys
from ..stepwise_work import Steps, WorksInSteps
from . import corpus, walk
from .mapped_animal import PosesAnimal
from .reporting import ReportsMistakes

_OTHER_SIDE = [LIMBS.index(name) for name in ("right_front", "left_front", "right_hind", "left_hind")]


class SamplesPose(PosesAnimal, WorksInSteps):
    """Mixin for operators that draw a pose by the scene's settings."""

    doing = "Learning how this animal moves"

    def sampled(self, context: bpy.types.Context, seed: int) -> Steps[None]:
        """Draw the pose of a seed by the settings, and pose the animal by it."""
        settings = context.scene.pasyn.pose
        prior = scene_prior.scene_prior(context.scene)
        animal = yield from posing.learning(context)
        source = pose_source(prior, sigma=settings.sigma, temperature=settings.temperature)
        if settings.feasible:
            limits, collisions = scene_prior.joint_limits(), scene_prior.collisions()
            offered = block_of_poses(source, 0, seed, limits, collisions)[0]
            taken = posing.take_pose(context, animal, [from_turn(turns) for turns in offered.turns])
            if not taken.passes:
                self.report(  # type: ignore[attr-defined]
                    {"WARNING"}, f"Pose {seed}: the animal's skin runs through itself in it"
                )
        else:
            posing.put_down(context, animal, first_pose(source, seed))
        settings.seed = seed
        scene_prior.directions_of(prior)  # the panel has sliders for them from now on
        latent_sliders.reset(context.scene)


class PASYN_OT_sample_pose(SamplesPose, bpy.types.Operator):
    """Draw a pose from the prior and pose the animal by it."""

    bl_idname = "pasyn.sample_pose"
    bl_label = "Sample Pose"
    bl_description = (
        "Draw a pose from the prior and pose the animal by it, on the ground. What is not given is taken "
        "from the panel"
    )
    bl_options = {"REGISTER", "UNDO"}

    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description="Which pose to draw: the same seed gives the same pose",
        default=0,
        min=0,
        options={"SKIP_SAVE"},
    )
    sigma: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Sigma",
        description="How far poses go from those the prior has learnt",
        default=1.0,
        min=0.0,
        soft_max=2.0,
        max=4.0,
        options={"SKIP_SAVE"},
    )
    temperature: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Temperature",
        description="How often rare poses are drawn: 1 as often as animals take them",
        default=1.0,
        min=0.1,
        soft_max=4.0,
        max=100.0,
        options={"SKIP_SAVE"},
    )
    feasible: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Feasible",
        description="Only poses that this animal can take",
        default=True,
        options={"SKIP_SAVE"},
    )

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Take over what is given, and draw."""
        settings = context.scene.pasyn.pose
        for name in ("seed", "sigma", "temperature", "feasible"):
            if self.properties.is_property_set(name):
                setattr(settings, name, getattr(self, name))
            else:
                setattr(self, name, getattr(settings, name))
        yield from self.sampled(context, self.seed)


class PASYN_OT_step_pose(SamplesPose, bpy.types.Operator):
    """Draw the pose of the next or previous seed."""

    bl_idname = "pasyn.step_pose"
    bl_label = "Next Pose"
    bl_description = "Step the seed and pose the animal by its pose"
    bl_options = {"REGISTER", "UNDO"}

    step: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Step",
        description="How many seeds to go on; back where it is negative",
        default=1,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Say which way the button goes."""
        return f"Pose the animal by the {'next' if properties.step > 0 else 'previous'} seed's pose"

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Step the seed, and draw."""
        yield from self.sampled(context, max(0, context.scene.pasyn.pose.seed + self.step))


class PASYN_OT_mirror_pose(PosesAnimal, WorksInSteps, bpy.types.Operator):
    """Pose the animal as a mirror would show it."""

    bl_idname = "pasyn.mirror_pose"
    bl_label = "Mirror Pose"
    bl_description = "Swap left and right of the animal's present pose"
    bl_options = {"REGISTER", "UNDO"}
    doing = SamplesPose.doing

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Read the pose, and show its mirror image."""
        animal = yield from posing.learning(context)
        now = posing.current_pose(animal)
        flip = (-1.0, 1.0, 1.0)
        mirror = CanonicalPoses(
            mirrored_pose(now.rotations), now.root * flip, now.shifts[:, _OTHER_SIDE] * flip
        )
        posing.show_pose(context, animal, mirror)
        latent_sliders.reset(context.scene)


class PASYN_OT_reset_directions(PosesAnimal, ReportsMistakes, bpy.types.Operator):
    """Take the animal back to the pose from which the sliders moved it."""

    bl_idname = "pasyn.reset_directions"
    bl_label = "Reset Sliders"
    bl_description = "Set all sliders to zero, and the animal back to the pose they started from"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        """Set the sliders to zero, which poses the animal."""
        settings = context.scene.pasyn.pose
        if any(settings.directions):
            settings.directions = (0.0,) * len(settings.directions)


class PASYN_OT_restore_pose(ReportsMistakes, bpy.types.Operator):
    """Give the animal back the pose, action and constraints that it had before PASyn posed it."""

    bl_idname = "pasyn.restore_pose"
    bl_label = "Restore"
    bl_description = (
        "Give the animal back the pose, action and constraints that it had before PASyn posed it. Actions "
        "that PASyn made stay in the file"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something must be kept."""
        armature = context.scene.pasyn.animal.armature
        if armature is None or kept_pose.kept_entry(context.scene, armature) is None:
            cls.poll_message_set("PASyn has not posed this animal")
            return False
        return True

    def perform(self, context: bpy.types.Context) -> None:
        """Restore."""
        kept_pose.restore_pose(context.scene, context.scene.pasyn.animal.armature)
        latent_sliders.reset(context.scene)


class PASYN_OT_key_pose(PosesAnimal, ReportsMistakes, bpy.types.Operator):
    """Key the pose of all bones at the current frame."""

    bl_idname = "pasyn.key_pose"
    bl_label = "Keyframe"
    bl_description = (
        "Key the pose of all bones at the current frame. Where your action was put aside, the keys go into "
        "one named PASyn poses"
    )
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        """Insert the keys."""
        armature = context.scene.pasyn.animal.armature
        insert_pose_keys(armature, context.scene.frame_current)
        action = armature.animation_data.action
        self.report({"INFO"}, f"Keyed frame {context.scene.frame_current} in '{action.name}'")


class PASYN_OT_judge_pose(PosesAnimal, ReportsMistakes, bpy.types.Operator):
    """Say how plausible the prior finds the present pose."""

    bl_idname = "pasyn.judge_pose"
    bl_label = "Judge Pose"
    bl_description = (
        "Say how plausible the prior finds the present pose, and which joints are odd. Scripts find both in "
        "the scene's pasyn.pose.plausibility and pasyn.pose.odd_joints"
    )
    bl_options = {"REGISTER"}

    def perform(self, context: bpy.types.Context) -> None:
        """Judge and report."""
        found = live_judgement.judged_now(context)
        live_judgement.remember(found)
        settings = context.scene.pasyn.pose
        settings.plausibility = found.percent
        settings.odd_joints = ",".join(joint for joint, _ in found.odd)
        odd = ", ".join(f"{joint.replace('_', ' ')} {degrees:.0f}°" for joint, degrees in found.odd)
        self.report({"INFO"}, f"{found.word}, {found.percent:.0f} %" + (f"; odd: {odd}" if odd else ""))


CLASSES = (
    PASYN_OT_sample_pose,
    PASYN_OT_step_pose,
    PASYN_OT_mirror_pose,
    PASYN_OT_reset_directions,
    PASYN_OT_restore_pose,
    PASYN_OT_key_pose,
    PASYN_OT_judge_pose,
    *walk.CLASSES,
    *corpus.CLASSES,
)
