"""Where poses come from, how they are drawn, and how animals were posed before."""

from typing import Any

import bpy

from .paths import RELATIVE

DIRECTIONS = 6
"""Sliders there are, one for each of the strongest latent directions."""


def _directions_moved(_settings: Any, context: bpy.types.Context) -> None:
    from ..latent_sliders import moved  # it imports the package of these properties

    moved(context)


class PASYN_PG_kept_pose(bpy.types.PropertyGroup):
    """How an armature was posed and animated before PASyn posed it first."""

    armature: bpy.props.PointerProperty(type=bpy.types.Object)  # type: ignore[valid-type]
    action: bpy.props.PointerProperty(type=bpy.types.Action)  # type: ignore[valid-type]
    text: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="Channels of the bones, animation settings and what was switched off, as JSON",
        options={"HIDDEN"},
    )


class PASYN_PG_pose(bpy.types.PropertyGroup):
    """The prior that poses come from, and what is drawn from it."""

    source: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Poses",
        description="Where the poses of a dataset come from",
        items=(
            ("prior", "Learnt", "New poses from the prior, learnt from many animals' motion"),
            ("actions", "Own Actions", "Moments of the animal's own actions"),
        ),
    )
    prior: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Prior",
        description="Which prior poses are drawn from and judged by",
        items=(
            ("built_in", "Built-in", "Learnt from the motions of the sixteen built-in animals"),
            ("file", "File", "One of your own, made with pasyn prior train"),
        ),
    )
    prior_file: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File",
        description="The prior's .npz file; its card, the .json, must lie beside it",
        subtype="FILE_PATH",
        **RELATIVE,
    )
    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description=(
            "Which pose to draw: the same seed gives the same pose, the one that the first picture of a "
            "dataset with this seed has"
        ),
        default=0,
        min=0,
    )
    sigma: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Sigma",
        description=(
            "How far poses go from those the prior has learnt: 0 gives learnt poses back, 1 is as they vary, "
            "more is bolder"
        ),
        default=1.0,
        min=0.0,
        soft_max=2.0,
        max=4.0,
        step=5,
    )
    temperature: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Temperature",
        description=(
            "How often rare poses are drawn: 1 as often as animals take them, below 1 more of the common "
            "ones, above 1 more of the rare ones. Datasets are drawn at 1"
        ),
        default=1.0,
        min=0.1,
        soft_max=4.0,
        max=100.0,
        step=10,
    )
    feasible: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Feasible",
        description=(
            "Only poses that this animal can take: joints inside their limits, skin not through itself. "
            "Otherwise the prior's pose as it is, put on the ground"
        ),
        default=True,
    )
    mute_constraints: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Mute Constraints",
        description=(
            "Switch off constraints and drivers of bones while the animal is posed, so that it holds exactly "
            "the pose that is drawn. Restore switches them on again"
        ),
        default=True,
    )

    directions: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Direction",
        description=(
            "Moves the pose along one of the directions in which the prior's poses differ most; 1 is as far "
            "as they usually go"
        ),
        size=DIRECTIONS,
        soft_min=-2.0,
        soft_max=2.0,
        min=-4.0,
        max=4.0,
        step=5,
        update=_directions_moved,
    )
    directions_start: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The pose that all sliders at zero stand for, as JSON", options={"HIDDEN"}
    )

    walk_start: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Start", description="First frame of the walk", default=1
    )
    walk_end: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="End", description="Last frame of the walk", default=120
    )
    walk_seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed", description="Which walk: the same seed gives the same walk", default=0, min=0
    )
    walk_speed: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Speed",
        description="Degrees a second that the joints turn, on average",
        default=60.0,
        min=1.0,
        soft_max=180.0,
        max=1000.0,
        step=100,
        precision=0,
    )

    show_judgement: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Judge the Pose",
        description="Say how plausible the prior finds the present pose, each time it changes",
        default=True,
    )
    plausibility: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Plausibility",
        description="What pasyn.judge_pose found last: per cent of the prior's poses that are less plausible",
        min=0.0,
        max=100.0,
        options={"SKIP_SAVE"},
    )
    odd_joints: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Odd Joints",
        description="What pasyn.judge_pose found last: joints farther than usual from what the prior expects",
        options={"SKIP_SAVE"},
    )
    corpus_rate: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Rate",
        description="Frames a second of the clips in the corpus",
        default=30.0,
        min=1.0,
        soft_max=60.0,
        max=240.0,
        step=100,
        precision=1,
    )
    kept: bpy.props.CollectionProperty(type=PASYN_PG_kept_pose)  # type: ignore[valid-type]


CLASSES = (PASYN_PG_kept_pose, PASYN_PG_pose)
