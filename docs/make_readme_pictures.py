"""Draw the README's picture of a dataset: eight pictures, bare and under their labels.

python docs/make_readme_pictures.py demo/zebra docs/demo.jpg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as rle

_COLUMNS = 4
_TILE = 300
_SUPERSAMPLING = 2
_COLOURS = {"left": (64, 150, 255), "right": (255, 128, 48)}
_MIDLINE = (255, 220, 64)


def main() -> None:
    """Read the folder, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    coco = json.loads((arguments.dataset / "annotations" / "all.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    chosen = coco["annotations"][:_COLUMNS]
    sheet = Image.new("RGB", (_COLUMNS * _TILE, 2 * _TILE))
    for column, annotation in enumerate(chosen):
        picture = Image.open(arguments.dataset / "images" / names[annotation["image_id"]]).convert("RGB")
        sheet.paste(picture.resize((_TILE, _TILE), Image.Resampling.LANCZOS), (column * _TILE, 0))
        labelled = draw_labels(picture, annotation, coco["categories"][0])
        sheet.paste(labelled, (column * _TILE, _TILE))
    sheet.save(arguments.picture, quality=88)


def draw_labels(picture: Image.Image, annotation: dict[str, Any], category: dict[str, Any]) -> Image.Image:
    """Tint the mask and draw skeleton, keypoints (hollow when hidden) and box."""
    pixels = np.asarray(picture).astype(float)
    inside = rle.decode(annotation["segmentation"]).astype(bool)
    pixels[~inside] = 0.45 * pixels[~inside]
    size = _TILE * _SUPERSAMPLING
    tile = Image.fromarray(pixels.astype(np.uint8)).resize((size, size), Image.Resampling.LANCZOS)
    scale = size / picture.width
    draw = ImageDraw.Draw(tile)
    points = np.array(annotation["keypoints"], dtype=float).reshape(-1, 3)
    for first, second in np.array(category["skeleton"]) - 1:
        if points[first, 2] and points[second, 2]:
            ends = [tuple(points[end, :2] * scale) for end in (first, second)]
            draw.line(ends, fill=colour(category["keypoints"][second]), width=3)
    for name, (x, y, visibility) in zip(category["keypoints"], points, strict=True):
        if visibility:
            place = (x * scale - 7, y * scale - 7, x * scale + 7, y * scale + 7)
            fill = colour(name) if visibility == 2 else None
            draw.ellipse(place, fill=fill, outline=colour(name), width=3)
    x, y, width, height = np.array(annotation["bbox"]) * scale
    draw.rectangle((x, y, x + width, y + height), outline=(255, 255, 255), width=2)
    return tile.resize((_TILE, _TILE), Image.Resampling.LANCZOS)


def colour(name: str) -> tuple[int, int, int]:
    """Blue for the animal's left, orange for its right, yellow between."""
    return _COLOURS.get(name.partition("_")[0], _MIDLINE)


if __name__ == "__main__":
    main()
