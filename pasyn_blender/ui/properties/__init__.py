"""What PASyn keeps in a scene, ``scene.pasyn``: one group a panel of the sidebar."""

import bpy

from . import animal, dataset, findings, keypoints, pose, shots


class PASYN_PG_settings(bpy.types.PropertyGroup):
    """Everything of PASyn that is saved with a scene."""

    animal: bpy.props.PointerProperty(type=animal.PASYN_PG_animal)  # type: ignore[valid-type]
    keypoints: bpy.props.PointerProperty(type=keypoints.PASYN_PG_keypoints)  # type: ignore[valid-type]
    pose: bpy.props.PointerProperty(type=pose.PASYN_PG_pose)  # type: ignore[valid-type]
    shots: bpy.props.PointerProperty(type=shots.PASYN_PG_shots)  # type: ignore[valid-type]
    dataset: bpy.props.PointerProperty(type=dataset.PASYN_PG_dataset)  # type: ignore[valid-type]


CLASSES = (
    *findings.CLASSES,
    *animal.CLASSES,
    *keypoints.CLASSES,
    *pose.CLASSES,
    *shots.CLASSES,
    *dataset.CLASSES,
    PASYN_PG_settings,
)


def register() -> None:
    """Give scenes their PASyn settings."""
    bpy.types.Scene.pasyn = bpy.props.PointerProperty(
        type=PASYN_PG_settings, name="PASyn", description="Animal and dataset of this scene"
    )


def unregister() -> None:
    """Take the settings' definition away; what is saved in files stays there."""
    del bpy.types.Scene.pasyn
