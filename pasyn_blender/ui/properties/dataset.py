"""The dataset to make."""

import bpy

from .paths import RELATIVE


class PASYN_PG_dataset(bpy.types.PropertyGroup):
    """How many pictures, how large, and where to."""

    images: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Pictures",
        description="How many pictures to make",
        default=24,
        min=1,
        soft_max=5000,
        max=10_000_000,
    )
    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description="Decides every choice of a dataset: the same seed gives the same pictures",
        default=0,
        min=0,
    )
    resolution: bpy.props.IntVectorProperty(  # type: ignore[valid-type]
        name="Size",
        description="Width and height of the pictures in pixels",
        size=2,
        default=(256, 256),
        min=16,
        soft_max=2048,
        max=8192,
    )
    samples: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Samples",
        description="Samples a pixel; 16 with denoising is enough for training",
        default=16,
        min=1,
        soft_max=256,
        max=65536,
    )
    denoise: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Denoise",
        description="Clean up the noise that few samples leave; some builds of Blender have no denoiser",
        default=True,
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What renders: the same job on another kind of device gives other last bits",
        items=(
            ("cpu", "CPU", "The processor; the same pictures on every machine of its kind"),
            ("optix", "OptiX", "Nvidia graphics card, through OptiX"),
            ("cuda", "CUDA", "Nvidia graphics card, through CUDA"),
            ("hip", "HIP", "AMD graphics card"),
            ("metal", "Metal", "Apple's graphics"),
        ),
    )
    output: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Folder the dataset is written to",
        subtype="DIR_PATH",
        default="//dataset",
        **RELATIVE,
    )
    kept: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Kept",
        description="The job that was read, as JSON, with what the panel has no field for",
        options={"HIDDEN"},
    )


CLASSES = (PASYN_PG_dataset,)
