"""Filling frames with a smooth walk through the prior's poses."""

import bpy
import numpy as np

from ...errors import PriorError
from ...rig.bone_channels import bone_channels, bone_spaces
from ...rig.keyed_motion import write_motion
from ...rig.retargeting import bone_moves
from ...rig.standing_motion import smoothed_motion, standing_motion
from .. import kept_pose, latent_sliders, posing, scene_prior
from ..stepwise_work import InThread, Steps, WorksInSteps
from .mapped_animal import PosesAnimal

WALK_ACTION = "PASyn walk"
_MOST_FRAMES = 20_000
_SMOOTH_SECONDS = 0.2
"""A walk turns at poses it passes; over so long to either side the turn is rounded."""


class PASYN_OT_fill_walk(PosesAnimal, WorksInSteps, bpy.types.Operator):
    """Fill a range of frames with a smooth walk from pose to pose, as keyframes of a new action."""

    bl_idname = "pasyn.fill_walk"
    bl_label = "Fill Walk"
    bl_description = (
        "Fill a range of frames with a smooth walk from pose to pose, as keyframes of a new action; the "
        "animal stays on the spot and on the ground. The action it had stays in the file. What is not given "
        "is taken from the panel"
    )
    bl_options = {"REGISTER", "UNDO"}
    doing = "Walking through poses"

    start: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Start", description="First frame of the walk", default=1, options={"SKIP_SAVE"}
    )
    end: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="End", description="Last frame of the walk", default=120, options={"SKIP_SAVE"}
    )
    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description="Which walk: the same seed gives the same walk",
        default=0,
        min=0,
        options={"SKIP_SAVE"},
    )
    speed: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Speed",
        description="Degrees a second that the joints turn, on average",
        default=60.0,
        min=1.0,
        soft_max=180.0,
        max=1000.0,
        precision=0,
        options={"SKIP_SAVE"},
    )

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Draw the walk, stand it, and write the keyframes."""
        settings = context.scene.pasyn.pose
        for name in ("start", "end", "seed", "speed"):
            if self.properties.is_property_set(name):
                setattr(settings, f"walk_{name}", getattr(self, name))
            else:
                setattr(self, name, getattr(settings, f"walk_{name}"))
        count = self.end - self.start + 1
        if not 2 <= count <= _MOST_FRAMES:
            raise PriorError(
                f"frames {self.start} to {self.end}: a walk takes at least two frames, at most {_MOST_FRAMES}"
            )
        prior = scene_prior.scene_prior(context.scene)
        animal = yield from posing.learning(context)
        posing.check_posable(animal.rig.armature)
        armature = animal.rig.armature
        spaces = bone_spaces(armature)
        render = context.scene.render
        rate = render.fps / render.fps_base
        pace, reach = self.speed / rate, max(1, round(_SMOOTH_SECONDS * rate))

        def walked() -> object:
            frames = smoothed_motion(prior.walk(count, self.seed, pace), reach)
            contact = posing.ground_contact(animal)
            rotations, root = standing_motion(contact, scene_prior.joint_limits(), frames)
            moves = bone_moves(animal.retargeting, rotations, root)
            posed = posing.in_armature_space(animal, spaces, moves @ animal.retargeting.rest_matrices)
            return bone_channels(spaces, posed)

        channels = yield InThread(walked)
        kept_pose.free_pose(context.scene, armature, mute=settings.mute_constraints, keep_action=False)
        action = bpy.data.actions.new(WALK_ACTION)
        action[kept_pose.OWN_ACTION] = True
        action.use_fake_user = True
        slot = write_motion(armature, spaces, channels, self.start + np.arange(float(count)), action)
        kept_pose.play_alone(armature, action, slot)
        context.scene.frame_set(context.scene.frame_current)
        latent_sliders.reset(context.scene)
        self.report({"INFO"}, f"'{action.name}' moves {armature.name} from {self.start} to {self.end}")


CLASSES = (PASYN_OT_fill_walk,)
