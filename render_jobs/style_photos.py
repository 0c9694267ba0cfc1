"""Photos that a style is judged by: animals of a COCO file, or a folder of photos."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from pasyn_blender.errors import BackgroundError, StyleError
from styles.evaluation.regions import Animal
from styles.photo_reading import UnreadablePhotoError, read_photo

from .style_dataset import outline_points

_WHOLE: Final = 10**6
"""No photo is shrunk while it is read: crops are, once, as the pictures' are."""

# ITU T.81, table K.1: mean of the luminance quantisers at quality 50.
_MEAN_QUANTISER: Final = 57.6


@dataclass(frozen=True)
class RealPhoto:
    """A photo, or an animal on it.

    Attributes
    ----------
    path
        File.
    group
        Pictures of one group show the same animal or place.
    animal
        In pixels of the photo; None where nothing is known of one.
    """

    path: Path
    group: str
    animal: Animal | None


def read_photos(
    path: Path,
    species: str,
    category: str | None,
    on_notice: Callable[[str], None] = lambda notice: None,
) -> tuple[RealPhoto, ...]:
    """Find photos; they are opened later.

    Parameters
    ----------
    path
        COCO file whose images lie beside it, in ``images`` beside it or beside its folder; or a folder.
    species
        Of the dataset: its category is taken where the file has several.
    category
        Category to take instead.
    on_notice
        Told of each photo of a folder that is left out, and why.

    Raises
    ------
    StyleError
        The file is no COCO file, or has nothing of the category.
    BackgroundError
        The folder holds no photo.
    """
    if path.is_dir():
        from styles.backgrounds import list_photos

        library = list_photos([path])
        for warning in library.warnings:
            on_notice(warning)
        return tuple(RealPhoto(library.path(folder, name), name, None) for folder, name in library.photos)
    try:
        coco = json.loads(path.read_bytes())
        return _animals(coco, path, species, category)
    except OSError as error:
        raise StyleError(
            f"--real {path}: {error.strerror or error}; give a COCO file of photos, or a folder of them"
        ) from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise StyleError(
            f"--real {path}: not a COCO file ({type(error).__name__}: {error}); it should have images, "
            "annotations and categories"
        ) from None


def _animals(coco: Any, path: Path, species: str, category: str | None) -> tuple[RealPhoto, ...]:
    chosen = _category(coco["categories"], path, species, category)
    names = [str(name) for name in chosen.get("keypoints", [])]
    images = {image["id"]: image for image in coco["images"]}
    places = _places(path)
    found = []
    for annotation in coco["annotations"]:
        if annotation["category_id"] != chosen["id"] or annotation.get("iscrowd"):
            continue
        image = images[annotation["image_id"]]
        left, top, width, height = (float(value) for value in annotation["bbox"])
        points = None
        if names and "keypoints" in annotation:
            points = outline_points(
                np.asarray(annotation["keypoints"], dtype=np.float64).reshape(len(names), 3), names
            )
        animal = Animal(np.array([left, top, left + width, top + height]), points)
        name = str(image["file_name"])
        file = next((place / name for place in places if (place / name).is_file()), places[0] / name)
        found.append(RealPhoto(file, str(image.get("group", name)), animal))
    if not found:
        raise StyleError(f"--real {path}: no animal of category {chosen['name']!r} is annotated in it")
    return tuple(found)


def _places(path: Path) -> tuple[Path, ...]:
    return (path.parent / "images", path.parent, path.parent.parent / "images", path.parent.parent)


def _category(
    categories: Sequence[dict[str, Any]], path: Path, species: str, category: str | None
) -> dict[str, Any]:
    by_name = {str(one["name"]): one for one in categories}
    wanted = category or species
    if wanted in by_name:
        return by_name[wanted]
    if category is None and len(categories) == 1:
        return categories[0]
    names = ", ".join(sorted(by_name)[:12])
    raise StyleError(f"--real {path}: has no category {wanted!r}; choose one with --category: {names}")


def open_photo(photo: RealPhoto) -> Image.Image:
    """Read a photo at its full size.

    Raises
    ------
    BackgroundError
        It cannot be read.
    """
    try:
        return read_photo(photo.path, _WHOLE)
    except (OSError, UnreadablePhotoError) as error:
        raise BackgroundError(f"--real: {photo.path}: {error}") from None


def jpeg_quality(paths: Sequence[Path]) -> tuple[int, float | None]:
    """How many of the files are JPEG, and their median quality as libjpeg counts, None where none is."""
    found = []
    for path in paths:
        try:
            with Image.open(path) as image:
                tables = getattr(image, "quantization", None)
                if image.format == "JPEG" and tables:
                    found.append(float(np.mean(list(tables[min(tables)]))) / _MEAN_QUANTISER * 100)
        except OSError:
            continue
    if not found:
        return 0, None
    scale = float(np.median(found))
    return len(found), (200 - scale) / 2 if scale <= 100 else 5000 / scale
