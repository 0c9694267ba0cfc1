"""From a render to its picture: background, composition, style and camera look, as a job asks for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import OutputError, StyleError
from styles.backgrounds import photo_crop, photo_for
from styles.bounded_cache import BoundedCache
from styles.camera_look import camera_look
from styles.draws import CompositionDraw, draw_camera_look, draw_composition
from styles.ground import Scene
from styles.grounded_crops import SHARPNESS, PhotoGround, grounded_crop, photo_ground
from styles.preset import Preset, load_preset
from styles.scene_composition import Composed, compose_scene, standing
from styles.style_pass import Networks, apply_preset, style_image, style_photos
from styles.worlds import world_path, world_view

from .job import Job
from .job_identity import look_content
from .plan import CAMERA_LOOK, COMPOSITION, STYLE, subject_generator
from .shot import Shot

RECIPE: Final = 3
"""Raised by hand whenever pictures of the same renders would come out otherwise."""

GROUNDS_KEPT: Final = 64 * 1024 * 1024
"""Bytes of what is known of photos' grounds."""


def check_weights(preset: Preset) -> None:
    """Check that the networks of a style have been given their weights.

    Raises
    ------
    StyleError
        Some have not; the message says what to write.
    """
    if preset.needs_weights:
        raise StyleError(
            f"style {preset.name}: {preset.needs_weights[0]} needs weights; copy the preset's file and name "
            "them under 'files:' (see 'pasyn style --help'), or take 'photo', which needs none"
        )


class Composer:
    """Composes the pictures of a job, each from its own draws.

    Parameters
    ----------
    job
        The job.

    Raises
    ------
    JobError, StyleError, BackgroundError
        A file of the look cannot be read, or is wrong.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._preset = load_preset(job.style)
        check_weights(self._preset)
        self._style_photos = style_photos(self._preset)
        self._networks = Networks()
        self._grounds: BoundedCache[PhotoGround] = BoundedCache(
            GROUNDS_KEPT, lambda ground: ground.roughness.nbytes
        )
        content = json.dumps({"recipe": RECIPE, **look_content(job)}, sort_keys=True, allow_nan=False)
        self.identity: Final = hashlib.sha256(content.encode()).hexdigest()

    def hides(self, shot: Shot) -> bool:
        """Whether something stands in front of the animal, so that its mask is not the render's."""
        return self._composition(shot).occluder_seed is not None

    def compose(self, rgba: NDArray[np.uint8], shot: Shot, truth: Mapping[str, Any]) -> Composed:
        """Put a render into its background.

        Parameters
        ----------
        rgba
            (H, W, 4) sRGB with straight alpha.
        shot, truth
            Of the render.

        Raises
        ------
        BackgroundError
            The background or something in front cannot be read.
        OutputError
            The truth record is damaged.
        """
        try:
            scene = Scene.from_truth(truth)
        except ValueError as error:
            raise OutputError(f"render {shot.index}: {error}; delete its files and run again") from error
        background = self.background(rgba, scene, shot, truth)
        ranges, draw = self._job.composition, self._composition(shot)
        return compose_scene(rgba, scene, background, ranges, draw, photo=shot.background.photo is not None)

    def finish(self, composed: Composed, shot: Shot) -> NDArray[np.uint8]:
        """Style a composed picture and take it as a camera would; its labels stay true.

        Returns
        -------
        (H, W, 3) uint8
        """
        generator = subject_generator(self._job.seed, shot.index, STYLE)
        style = style_image(self._style_photos, composed.background, generator)
        picture = apply_preset(
            self._preset, composed.picture, composed.alpha, style, generator, self._networks
        )
        draw = draw_camera_look(
            self._job.camera_look, subject_generator(self._job.seed, shot.index, CAMERA_LOOK)
        )
        return camera_look(picture, draw)

    def _composition(self, shot: Shot) -> CompositionDraw:
        generator = subject_generator(self._job.seed, shot.index, COMPOSITION)
        return draw_composition(self._job.composition, generator)

    def background(
        self, rgba: NDArray[np.uint8], scene: Scene, shot: Shot, truth: Mapping[str, Any]
    ) -> NDArray[np.uint8]:
        """(H, W, 3) what stands behind a render, without the animal and its shade.

        Parameters
        ----------
        rgba
            (H, W, 4); its size and where its alpha is count.
        scene
            Of the truth.
        shot, truth
            Of the render.

        Raises
        ------
        BackgroundError
            The photo or world cannot be read.
        """
        size = (rgba.shape[1], rgba.shape[0])
        place = shot.background
        if place.photo is None:
            turn = np.array(truth["sky_rotation"], dtype=np.float64)
            return world_view(
                world_path(shot.light.world), scene.world_to_camera, scene.intrinsics, turn, size
            )
        path = self._job.backgrounds[place.folder] / place.photo
        crop, mirror = place.crop, place.mirror
        if self._job.composition.ground:
            photo = photo_for(path, size)
            ground = self._grounds.get((str(path), photo.size), lambda: photo_ground(np.asarray(photo)))
            where = standing(scene, np.ascontiguousarray(rgba[..., 3]))
            crop, mirror = grounded_crop(ground, photo.size, crop, mirror, where, size)
            return photo_crop(path, crop, mirror, size, sharpness=SHARPNESS)
        return photo_crop(path, crop, mirror, size)
