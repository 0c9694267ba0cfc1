"""Materials that importers or exporters have made invisible or pink."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np

_INVISIBLE = 0.02


def repair_materials(meshes: Sequence[Any]) -> list[str]:
    """Make materials opaque that let nothing be seen, and replace pictures that are missing.

    Returns
    -------
    list of str
        What was changed, for a person.
    """
    notes: list[str] = []
    materials = {slot.material: None for obj in meshes for slot in obj.material_slots if slot.material}
    for material in materials:
        tree = material.node_tree
        if tree is None:
            continue
        missing = [node for node in tree.nodes if node.type == "TEX_IMAGE" and _is_missing(node.image)]
        for node in missing:
            name = Path(node.image.filepath).name if node.image else "none"
            notes.append(f"material '{material.name}': picture '{name}' is missing, used the plain colour")
            for output in node.outputs:
                for link in list(output.links):
                    tree.links.remove(link)
        for node in tree.nodes:
            if node.type != "BSDF_PRINCIPLED":
                continue
            if _range(node.inputs["Alpha"])[1] < _INVISIBLE:
                for link in list(node.inputs["Alpha"].links):
                    tree.links.remove(link)
                node.inputs["Alpha"].default_value = 1.0
                notes.append(f"material '{material.name}' was invisible (alpha 0): made it opaque")
    return notes


def _is_missing(image: Any) -> bool:
    """Whether a picture's pixels are nowhere to be found."""
    if image is None:
        return False  # a picture node without a picture renders black, as its author saw it
    if image.packed_file is not None or image.source not in {"FILE", "TILED", "SEQUENCE"}:
        return False
    if image.source == "TILED":
        return False
    return not Path(bpy.path.abspath(image.filepath, library=image.library)).is_file()


def _range(socket: Any, depth: int = 0) -> tuple[float, float]:
    """Smallest and largest value a node socket can take; what cannot be told counts as 0 to 1."""
    if not socket.is_linked or depth > 20:
        value = socket.default_value
        try:
            return float(value), float(value)
        except TypeError:
            return 0.0, 1.0
    source = socket.links[0].from_socket
    node = source.node
    if node.type == "VALUE":
        return float(source.default_value), float(source.default_value)
    if node.type == "REROUTE":
        return _range(node.inputs[0], depth + 1)
    if node.type == "TEX_IMAGE" and source.name == "Alpha":
        return _alpha_range(node.image)
    if node.type != "MATH":
        return 0.0, 1.0
    ends = [_range(entry, depth + 1) for entry in node.inputs[:2]]
    (a, b), (c, d) = ends
    operations = {
        "ADD": (a + c, b + d),
        "SUBTRACT": (a - d, b - c),
        "MULTIPLY": (min(a * c, a * d, b * c, b * d), max(a * c, a * d, b * c, b * d)),
        "LESS_THAN": (float(b < c), float(a < d)),
        "GREATER_THAN": (float(a > d), float(b > c)),
        "ROUND": (float(np.floor(a + 0.5)), float(np.floor(b + 0.5))),
        "MINIMUM": (min(a, c), min(b, d)),
        "MAXIMUM": (max(a, c), max(b, d)),
    }
    low, high = operations.get(node.operation, (0.0, 1.0))
    return (min(1.0, max(0.0, low)), min(1.0, max(0.0, high))) if node.use_clamp else (low, high)


def _alpha_range(image: Any) -> tuple[float, float]:
    """Range of a picture's alpha channel."""
    if image is None or (not image.has_data and not image.size[0]):
        return 0.0, 1.0
    if image.channels < 4 or image.alpha_mode == "NONE":
        return 1.0, 1.0
    pixels = np.empty(image.size[0] * image.size[1] * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    alpha = pixels[3 :: image.channels]
    return float(alpha.min(initial=1.0)), float(alpha.max(initial=0.0))
