"""How a scene is rendered: engine, device, sampling, and files that say nothing but their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ..errors import RenderError

DEVICE_TYPES = {"optix": "OPTIX", "cuda": "CUDA", "hip": "HIP", "metal": "METAL", "oneapi": "ONEAPI"}


@dataclass(frozen=True)
class RenderOptions:
    """What decides how a scene becomes pixels.

    Attributes
    ----------
    size
        (width, height) in pixels.
    engine
        ``"cycles"``, ``"eevee"`` or ``"workbench"``.
    samples
        Samples a pixel.
    denoise
        Whether Cycles denoises.
    device
        ``"cpu"`` or a key of :data:`DEVICE_TYPES`; only Cycles heeds it.
    passes
        Of ``"depth"`` and ``"normal"``.
    """

    size: tuple[int, int] = (256, 256)
    engine: str = "cycles"
    samples: int = 16
    denoise: bool = True
    device: str = "cpu"
    passes: tuple[str, ...] = ()


def configure_render(scene: bpy.types.Scene, options: RenderOptions) -> None:
    """Set everything about rendering that does not change between shots.

    Any later change of these costs a new synchronisation of the scene, so nothing else touches them.

    Raises
    ------
    RenderError
        The device or engine is not there.
    """
    render = scene.render
    render.resolution_x, render.resolution_y = options.size
    render.resolution_percentage = 100
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    render.film_transparent = True
    render.use_border = False
    render.use_crop_to_border = False
    render.use_multiview = False
    render.use_motion_blur = False
    render.use_simplify = False
    render.use_compositing = bool(options.passes)
    render.use_sequencer = False
    render.dither_intensity = 0.0
    _plain_files(render)
    _plain_colours(scene)
    if options.engine == "cycles":
        _configure_cycles(scene, options)
    elif options.engine == "eevee":
        _set_engine(scene, ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"))
        scene.eevee.taa_render_samples = options.samples
    elif options.engine == "workbench":
        _set_engine(scene, ("BLENDER_WORKBENCH",))
        shading = scene.display.shading
        shading.light, shading.color_type = "STUDIO", "TEXTURE"
    else:
        raise RenderError(f"found engine {options.engine!r}; there are cycles, eevee and workbench")
    layer = scene.view_layers[0]
    layer.use_pass_z = "depth" in options.passes
    layer.use_pass_normal = "normal" in options.passes


def _set_engine(scene: bpy.types.Scene, names: tuple[str, ...]) -> None:
    for name in names:
        try:
            scene.render.engine = name
        except TypeError:
            continue
        return
    raise RenderError(f"this Blender {bpy.app.version_string} has no render engine {' or '.join(names)}")


def _plain_files(render: Any) -> None:
    """Keep date, host and duration out of the files, and their names as asked."""
    render.use_file_extension = False
    render.use_overwrite = True
    render.use_placeholder = False
    render.use_stamp = False
    for name in dir(render):
        if name.startswith("use_stamp_"):
            setattr(render, name, False)
    settings = render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGBA"
    settings.color_depth = "8"
    settings.compression = 15


def _plain_colours(scene: bpy.types.Scene) -> None:
    scene.display_settings.display_device = "sRGB"
    view = scene.view_settings
    view.view_transform, view.look = "Standard", "None"
    view.exposure, view.gamma = 0.0, 1.0
    view.use_curve_mapping = False


def _configure_cycles(scene: bpy.types.Scene, options: RenderOptions) -> None:
    if not hasattr(scene, "cycles"):
        raise RenderError("this Blender has no Cycles; enable its add-on, or set render.engine to eevee")
    _set_engine(scene, ("CYCLES",))
    render, cycles = scene.render, scene.cycles
    render.use_persistent_data = True
    cycles.samples = options.samples
    cycles.use_adaptive_sampling = False
    cycles.seed = 0
    cycles.use_animated_seed = False
    cycles.use_auto_tile = False
    if hasattr(cycles, "feature_set"):  # gone in Blender 5.0
        cycles.feature_set = "SUPPORTED"
    if hasattr(cycles, "shading_system"):
        cycles.shading_system = False
    cycles.film_exposure = 1.0
    cycles.film_transparent_glass = False
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    cycles.use_denoising = options.denoise
    if options.denoise:
        try:
            cycles.denoiser = "OPENIMAGEDENOISE"
        except TypeError:
            raise RenderError(
                "this build of Blender has no denoiser (Open Image Denoise; Debian's has none); "
                "set render.denoise to false, or take Blender from blender.org"
            ) from None
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter = "FAST"
        if hasattr(cycles, "denoising_quality"):
            cycles.denoising_quality = "FAST"
        if hasattr(cycles, "denoising_use_gpu"):
            # Graphics cards denoise differently from model to model.
            cycles.denoising_use_gpu = False
    if options.device == "cpu":
        cycles.device = "CPU"
    else:
        _use_device(options.device)
        cycles.device = "GPU"


def _use_device(device: str) -> None:
    """Enable all graphics cards of a kind, and nothing else.

    Raises
    ------
    RenderError
        There is none; the message names the devices there are.
    """
    if device not in DEVICE_TYPES:
        raise RenderError(f"found device {device!r}; there are cpu, {', '.join(DEVICE_TYPES)}")
    preferences = bpy.context.preferences.addons["cycles"].preferences
    wanted = DEVICE_TYPES[device]
    try:
        preferences.compute_device_type = wanted
        preferences.refresh_devices()
    except TypeError:
        pass  # this build of Blender knows no such kind
    chosen = [entry for entry in preferences.devices if entry.type == wanted]
    if not chosen:
        found = sorted({f"{entry.name} ({entry.type.lower()})" for entry in preferences.devices})
        raise RenderError(
            f"render.device is {device}, but Blender finds no such device here; "
            f"it finds {', '.join(found) or 'only the cpu'}. Set render.device to cpu, or check the driver"
        )
    for entry in preferences.devices:
        entry.use = entry.type == wanted
