"""From a render to its picture and label: one function of files, the same during a run and after it."""

from __future__ import annotations

import hashlib
import io
import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pasyn_blender.annotation.coco import LabelledPicture, label_picture
from pasyn_blender.annotation.masks import mask_from_alpha
from pasyn_blender.annotation.occlusion import hidden_keypoints
from pasyn_blender.errors import OutputError

from . import layout
from .composer import Composer
from .finished_renders import Render, read_render
from .picture_file import seal_picture, sealed_inputs
from .picture_seconds import StageClock, note_picture_seconds
from .shot import BackgroundShot, Shot

# Level 1 takes a quarter of the time of zlib's own choice and, on photos, gives files as small.
_COMPRESSION: Final = 1

_BACKGROUND: Final = "background"
"""Text of a picture that says which part of which photo is behind its animal."""


@dataclass(frozen=True)
class Finished:
    """A picture on disk.

    Attributes
    ----------
    label
        What the annotations say of it.
    sha256
        Hash of the file.
    canonical
        Canonical pose as its truth tells of it; None where an action gave the pose.
    background
        Photo, crop and flip really behind it, which need not be what the plan says; None for a world's view.
    """

    label: LabelledPicture
    sha256: str
    canonical: Mapping[str, Any] | None = None
    background: Mapping[str, Any] | None = None


def finish_picture(folder: Path, shot: Shot, identity: str, composer: Composer) -> Finished | None:
    """Write the picture of a render, unless an up-to-date one is there, and label it.

    Parameters
    ----------
    folder
        Output folder.
    shot, identity
        What the render must be of.
    composer
        Of the job: makes the picture of the render.

    Returns
    -------
    None where the render is not complete.

    Raises
    ------
    OutputError
        The picture cannot be written, or the render is no RGBA PNG.
    BackgroundError
        The background cannot be read.
    """
    render = read_render(folder, shot, identity)
    if render is None:
        return None
    rgba = _read_rgba(render, layout.render_path(folder, shot.index))
    inputs = picture_inputs(render, shot, identity, composer)
    path = layout.image_path(folder, shot.index)
    data = _read_current(path, inputs)
    alpha, keypoints = np.ascontiguousarray(rgba[..., 3]), render.truth["keypoints"]
    if data is None or composer.hides(shot):
        clock = StageClock()
        with clock.of("composition"):
            place = composer.place(rgba, shot, render.truth)
            composed = composer.compose(rgba, shot, render.truth, place)
        alpha = composed.alpha
        if composed.hidden is not None:
            keypoints = hidden_keypoints(keypoints, composed.hidden)
        if data is None:
            with clock.of("style and camera look"):
                picture = composer.finish(composed, shot)
            with clock.of("file"):
                data = seal_picture(_png(picture, place), inputs)
                layout.write_atomically(path, data)
            note_picture_seconds(folder, shot.index, clock.seconds)
    label = label_picture(shot.index, layout.image_name(shot.index), keypoints, mask_from_alpha(alpha))
    return Finished(
        label, hashlib.sha256(data).hexdigest(), render.truth.get("canonical"), background_of(data)
    )


def picture_inputs(render: Render, shot: Shot, identity: str, composer: Composer) -> str:
    """Hash all that decides a picture: render, scene, shot, job and look, and this program."""
    truth = render.truth
    view = {key: truth.get(key) for key in ("image_sha256", "camera", "sky_rotation", "scene")}
    parts = (composer.identity, identity, shot.to_json(), json.dumps(view, sort_keys=True))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read_current(path: Path, inputs: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if sealed_inputs(data) == inputs else None


def _read_rgba(render: Render, path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(render.png), formats=("PNG",)) as image:
            if image.mode != "RGBA":
                raise OutputError(f"{path}: found a picture of mode {image.mode}; a render is RGBA")
            return np.asarray(image)
    except (OSError, SyntaxError) as error:
        raise OutputError(f"{path}: not a readable PNG ({error}); delete it and run again") from error


def _png(picture: NDArray[np.uint8], place: BackgroundShot) -> bytes:
    told = PngInfo()
    if place.photo is not None:
        told.add_text(_BACKGROUND, json.dumps(asdict(place), sort_keys=True))
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=_COMPRESSION, pnginfo=told)
    return buffer.getvalue()


def background_of(picture: bytes) -> Mapping[str, Any] | None:
    """Read which part of which photo is behind the animal of a finished picture.

    Parameters
    ----------
    picture
        Content of the file.

    Returns
    -------
    The keys of :class:`~render_jobs.shot.BackgroundShot`; None where the picture does not say.
    """
    with Image.open(io.BytesIO(picture), formats=("PNG",)) as image:
        told = image.info.get(_BACKGROUND)
    return None if told is None else dict(json.loads(told))


class PictureThread:
    """Finishes pictures beside the rendering, in one thread.

    Composition takes a few milliseconds a picture, so one thread keeps up with any renderer and takes next to
    nothing from it.

    Parameters
    ----------
    finish
        Finishes the picture of a shot.
    """

    def __init__(self, finish: Callable[[int], Finished | None]) -> None:
        self._finish = finish
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._abandoned = False
        self._finished: dict[int, Finished] = {}
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    def add(self, index: int) -> None:
        """Have the picture of a shot finished.

        Raises
        ------
        PasynError
            What went wrong with an earlier picture.
        """
        self.check()
        self._waiting.put(index)

    def check(self) -> None:
        """Raise what went wrong in the thread, if anything did."""
        if self._error is not None:
            raise self._error

    def close(self) -> dict[int, Finished]:
        """Wait for what was added and return all pictures by index; raises as :meth:`add`."""
        self._waiting.put(None)
        self._thread.join()
        self.check()
        return self._finished

    def abandon(self) -> None:
        """Finish the picture in hand and no more; raises nothing."""
        self._abandoned = True
        self._waiting.put(None)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while (index := self._waiting.get()) is not None and not self._abandoned:
            try:
                finished = self._finish(index)
            except BaseException as error:
                self._error = error
                return
            if finished is not None:
                self._finished[index] = finished
