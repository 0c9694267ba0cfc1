"""From a render to its picture: background, composition, style and camera look, as a job asks for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import BackgroundError, OutputError, StyleError
from styles.backgrounds import photo_crop, photo_for
from styles.bounded_cache import BoundedCache
from styles.camera_look import camera_look
from styles.draws import CompositionDraw, draw_camera_look, draw_composition
from styles.ground import Scene
from styles.grounded_crops import SHARPNESS, grounded_crop
from styles.photo_files import photo_files
from styles.photo_ground import PhotoGround, photo_ground
from styles.preset import Preset, load_preset
from styles.scene_composition import Composed, compose_scene, standing
from styles.style_pass import Networks, apply_preset, style_image, style_photos
from styles.worlds import tilted_to_ground, world_path, world_view

from .job import Job
from .job_identity import look_content
from .plan import CAMERA_LOOK, COMPOSITION, OTHER_PHOTO, STYLE, subject_generator
from .shot import BackgroundShot, Shot

RECIPE: Final = 5
"""Raised by hand whenever pictures of the same renders would come out otherwise."""

GROUNDS_KEPT: Final = 64 * 1024 * 1024
"""Bytes of what is known of photos' grounds."""

MOST_PHOTOS: Final = 12
"""Photos that are tried for one picture."""


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
            GROUNDS_KEPT, lambda ground: ground.open.nbytes
        )
        self._names: dict[Path, list[str]] = {}
        content = json.dumps({"recipe": RECIPE, **look_content(job)}, sort_keys=True, allow_nan=False)
        self.identity: Final = hashlib.sha256(content.encode()).hexdigest()

    def hides(self, shot: Shot) -> bool:
        """Whether something stands in front of the animal, so that its mask is not the render's."""
        return self._composition(shot).occluder_seed is not None

    def compose(
        self,
        rgba: NDArray[np.uint8],
        shot: Shot,
        truth: Mapping[str, Any],
        place: BackgroundShot | None = None,
    ) -> Composed:
        """Put a render into its background.

        Parameters
        ----------
        rgba
            (H, W, 4) sRGB with straight alpha.
        shot, truth
            Of the render.
        place
            What :meth:`place` says, where that is known already.

        Raises
        ------
        BackgroundError
            The background or something in front cannot be read.
        OutputError
            The truth record is damaged.
        """
        scene = _scene(shot, truth)
        background = self._picture(
            self._place(rgba, scene, shot) if place is None else place, rgba, scene, shot, truth
        )
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
        return self._picture(self._place(rgba, scene, shot), rgba, scene, shot, truth)

    def place(self, rgba: NDArray[np.uint8], shot: Shot, truth: Mapping[str, Any]) -> BackgroundShot:
        """Choose what stands behind a render: the photo, the part of it, and whether it is flipped.

        It is what the shot says unless the job asks for ground to stand on. Then the part is one where the
        animal stands on open ground; where the shot's photo has none, other photos of its folder are looked
        at, in an order of the shot's own, and if the first few have none either, the one that has most is
        taken.

        Parameters
        ----------
        rgba
            (H, W, 4) sRGB with straight alpha.
        shot, truth
            Of the render.

        Raises
        ------
        BackgroundError
            The photo cannot be read.
        OutputError
            The truth record is damaged.
        """
        return self._place(rgba, _scene(shot, truth), shot)

    def _place(self, rgba: NDArray[np.uint8], scene: Scene, shot: Shot) -> BackgroundShot:
        planned = shot.background
        if planned.photo is None or not self._job.composition.ground:
            return planned
        size = (rgba.shape[1], rgba.shape[0])
        where = standing(scene, np.ascontiguousarray(rgba[..., 3]))
        best, most_open = planned, -1.0
        for name in islice(self._photos(shot), MOST_PHOTOS):
            try:
                ground = self._ground(self._job.backgrounds[planned.folder] / name, size)
            except BackgroundError:
                if name == planned.photo:
                    raise
                continue
            found = grounded_crop(ground, planned.crop, planned.mirror, where, size)
            if found.openness > most_open:
                best = replace(planned, photo=name, crop=found.crop, mirror=found.mirror)
                most_open = found.openness
            if most_open >= 1.0:
                break
        return best

    def _photos(self, shot: Shot) -> Iterator[str]:
        """Names of the shot's photo and of the others of its folder, in the order they are tried in."""
        planned = shot.background
        assert planned.photo is not None
        yield planned.photo
        folder = self._job.backgrounds[planned.folder]
        if folder not in self._names:
            try:
                self._names[folder] = photo_files(folder)
            except OSError as error:
                raise BackgroundError(f"{folder}: cannot be read: {error.strerror or error}") from None
        names = [name for name in self._names[folder] if name != planned.photo]
        generator = subject_generator(self._job.seed, shot.index, OTHER_PHOTO)
        for _ in range(min(len(names), MOST_PHOTOS)):
            yield names.pop(min(len(names) - 1, int(generator.random() * len(names))))

    def _ground(self, path: Path, size: tuple[int, int]) -> PhotoGround:
        try:
            status = path.stat()
        except OSError as error:
            raise BackgroundError(f"{path}: cannot be read: {error.strerror or error}") from None
        key = (str(path), status.st_mtime_ns, status.st_size, size)
        return self._grounds.get(key, lambda: photo_ground(np.asarray(photo_for(path, size))))

    def _picture(
        self,
        place: BackgroundShot,
        rgba: NDArray[np.uint8],
        scene: Scene,
        shot: Shot,
        truth: Mapping[str, Any],
    ) -> NDArray[np.uint8]:
        size = (rgba.shape[1], rgba.shape[0])
        if place.photo is None:
            turn = np.array(truth["sky_rotation"], dtype=np.float64)
            view = scene.world_to_camera[:3, :3]
            if self._job.composition.ground:
                where = standing(scene, np.ascontiguousarray(rgba[..., 3]))
                feet = (where.left + where.right) / 2 * size[0], where.farthest * size[1]
                view = tilted_to_ground(view, scene.intrinsics, scene.up, feet, size)
            return world_view(world_path(shot.light.world), view, scene.intrinsics, turn, size)
        path = self._job.backgrounds[place.folder] / place.photo
        sharpness = SHARPNESS if self._job.composition.ground else 1.0
        return photo_crop(path, place.crop, place.mirror, size, sharpness=sharpness)


def _scene(shot: Shot, truth: Mapping[str, Any]) -> Scene:
    try:
        return Scene.from_truth(truth)
    except ValueError as error:
        raise OutputError(f"render {shot.index}: {error}; delete its files and run again") from error
