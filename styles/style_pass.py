"""The style pass: what a preset makes of one composed picture."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import StyleError

from .backgrounds import PhotoLibrary, list_photos, photo_crop
from .neural import ROLES
from .preset import Preset, Step, draw_strengths
from .transfer.methods import METHODS
from .transfer.regions import check_arguments, own_colours, region_of, repainted

Picture = NDArray[np.uint8]
Network = Callable[[Picture, Picture, float], Picture]
"""(content, style, strength) to the content in the style, of the content's size."""

LoadNetwork = Callable[[str, Mapping[str, Path], Mapping[str, str]], Network]
"""(kind, files by role, SHA-256 by role) to the network."""


def load_network(kind: str, files: Mapping[str, Path], sha256: Mapping[str, str]) -> Network:
    """Load a network of :mod:`styles.neural`; torch is imported only now."""
    from .neural import load

    return load(kind, files, sha256)


class Networks:
    """Networks that presets use, each loaded when it is first needed and then kept.

    Parameters
    ----------
    load
        Loads one; by default :func:`load_network`.
    """

    def __init__(self, load: LoadNetwork = load_network) -> None:
        self._load = load
        self._loaded: dict[tuple[str, tuple[tuple[str, str], ...]], Network] = {}
        # Pictures are finished in several threads; a network must not be loaded by each.
        self._lock = threading.Lock()

    def get(self, step: Step) -> Network:
        """Return the network of a step.

        Raises
        ------
        StyleError
            It has not been given its files, or they cannot be read.
        """
        missing = [role for role in ROLES[step.method] if role not in step.files]
        if missing:
            raise StyleError(
                f"{step.method} needs weights: name the file{'s' if len(missing) > 1 else ''} for "
                f"{', '.join(missing)} under 'files:' in a preset of your own; 'style: photo' needs none"
            )
        key = (step.method, tuple(sorted((role, str(path)) for role, path in step.files.items())))
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._load(step.method, step.files, step.sha256)
            return self._loaded[key]


def apply_preset(
    preset: Preset,
    picture: Picture,
    alpha: NDArray[np.uint8],
    style: Picture,
    generator: np.random.Generator,
    networks: Networks | None = None,
) -> Picture:
    """Give a composed picture a style.

    Nothing is moved and alpha is only read, so keypoints, box and mask of the picture stay true.

    Parameters
    ----------
    preset
        What to do.
    picture
        (H, W, 3) sRGB.
    alpha
        (H, W) of the animal, as far as it is seen.
    style
        (h, w, 3) sRGB, as :func:`style_image` chooses it.
    generator
        What the steps' strengths are drawn from, one draw a step.
    networks
        Where networks are kept between pictures.

    Returns
    -------
    (H, W, 3) uint8
        The same bytes for the same arguments.

    Raises
    ------
    StyleError
        A network has no weights, or they cannot be read.
    ValueError
        The arrays are not as described.
    """
    check_arguments(picture, alpha, style, 1.0)
    strengths = draw_strengths(preset, generator)
    kept = Networks() if networks is None else networks
    for step, strength in zip(preset.steps, strengths, strict=True):
        transfer = METHODS[step.method].transfer
        if transfer is None:
            picture = _network_transfer(step, strength, picture, alpha, style, kept)
        else:
            picture = transfer(picture, alpha, style, where=step.where, strength=strength, **step.parameters)
    return picture


def _network_transfer(
    step: Step,
    strength: float,
    picture: Picture,
    alpha: NDArray[np.uint8],
    style: Picture,
    networks: Networks,
) -> Picture:
    network = networks.get(step)
    region = region_of(picture, alpha, step.where)
    if strength == 0.0 or not len(region.rows):
        return picture.copy()
    content = picture
    if step.parameters.get("content") == "animal":
        content = np.where((alpha > 0)[..., None], picture, np.uint8(0))
    styled = network(content, style, strength)
    if styled.shape != picture.shape:
        raise StyleError(f"{step.method}: made {styled.shape} of a picture of {picture.shape}")
    if step.where == "picture":
        return styled
    colours = own_colours(styled, alpha, region.rows, region.columns)
    return repainted(picture, region, colours.astype(np.float32))


def style_photos(preset: Preset) -> PhotoLibrary | None:
    """Find the photos that a preset takes its style images from; None where that is the background.

    Raises
    ------
    BackgroundError
        The folder cannot be read or holds no usable photo.
    """
    return None if preset.photos is None else list_photos([preset.photos])


def style_image(photos: PhotoLibrary | None, background: Picture, generator: np.random.Generator) -> Picture:
    """Choose the style image of one picture.

    Parameters
    ----------
    photos
        Of :func:`style_photos`.
    background
        (H, W, 3) what is behind the animal.
    generator
        What the photo is drawn from; always one draw.

    Returns
    -------
    (H, W, 3) uint8
        The background itself, or the largest crop of a photo with the background's aspect, of its size.
    """
    share = float(generator.random())
    if photos is None:
        return background
    folder, name = photos.photos[min(len(photos.photos) - 1, int(share * len(photos.photos)))]
    size = (background.shape[1], background.shape[0])
    return photo_crop(photos.path(folder, name), (0.5, 0.5, 1.0), False, size)
