"""Renders small glowing spheres at labelled places, alone or behind the animal, to check labels by pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.scene.stage import Stage

REACH = 14
"""Half the side of the square of pixels rendered around a label."""


class MarkerRenders:
    """A second scene with one sphere, a copy of the posed mesh that only hides, and the stage's own camera.

    The camera is the very object that renders the animal, as the stage left it.
    """

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.picture = folder / "marker.png"
        self.scene = bpy.data.scenes.new("markers")
        source = stage.scene.render
        render = self.scene.render
        render.engine = "CYCLES"
        render.resolution_x, render.resolution_y = source.resolution_x, source.resolution_y
        render.resolution_percentage = 100
        render.film_transparent = True
        render.use_persistent_data = True
        render.image_settings.file_format = "PNG"
        render.image_settings.color_mode = "RGBA"
        render.filepath = str(self.picture)
        self.scene.cycles.samples = 64
        self.scene.cycles.use_adaptive_sampling = False
        self.scene.cycles.use_denoising = False
        self.scene.view_settings.view_transform = "Standard"
        self.scene.world = bpy.data.worlds.new("black")
        self.scene.collection.objects.link(stage.camera)
        self.scene.camera = stage.camera
        self.sphere = self._sphere()
        self.hider: Any = None

    def _sphere(self) -> Any:
        import bmesh

        mesh = bpy.data.meshes.new("marker")
        form = bmesh.new()
        bmesh.ops.create_icosphere(form, subdivisions=3, radius=1.0)
        form.to_mesh(mesh)
        form.free()
        glow = bpy.data.materials.new("glow")
        glow.use_nodes = True
        nodes = glow.node_tree.nodes
        nodes.clear()
        emission, output = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
        glow.node_tree.links.new(emission.outputs[0], output.inputs[0])
        mesh.materials.append(glow)
        sphere = bpy.data.objects.new("marker", mesh)
        self.scene.collection.objects.link(sphere)
        return sphere

    def hide_behind(self, vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> None:
        """Let these triangles, and nothing else, stand before the marker."""
        self.hide_behind_nothing()
        used, corners = np.unique(triangles, return_inverse=True)
        mesh = bpy.data.meshes.new("hider")
        mesh.from_pydata(vertices[used].tolist(), [], corners.reshape(-1, 3).tolist())
        self.hider = bpy.data.objects.new("hider", mesh)
        self.hider.is_holdout = True
        self.scene.collection.objects.link(self.hider)

    def hide_behind_nothing(self) -> None:
        if self.hider is not None:
            mesh = self.hider.data
            bpy.data.objects.remove(self.hider)
            bpy.data.meshes.remove(mesh)
            self.hider = None

    def coverage(
        self, place: NDArray[np.float64], radius: float, around: tuple[float, float]
    ) -> NDArray[np.float64]:
        """(H, W) alpha of a sphere, rendered in the pixels around a point, zero elsewhere."""
        self._render(place, radius, around, 1)
        with Image.open(self.picture) as image:
            return np.asarray(image, dtype=np.float64)[..., 3] / 255

    def covered(
        self, place: NDArray[np.float64], radius: float, around: tuple[float, float], zoom: int
    ) -> float:
        """Pixels that a sphere covers, seen ``zoom`` times finer than the pixels are."""
        self._render(place, radius, around, zoom)
        with Image.open(self.picture) as image:
            return float(np.asarray(image, dtype=np.float64)[..., 3].sum() / 255 / zoom**2)

    def _render(
        self, place: NDArray[np.float64], radius: float, around: tuple[float, float], zoom: int
    ) -> None:
        width, height = self.stage.options.size
        self.sphere.location = place.tolist()
        self.sphere.scale = (radius,) * 3
        render = self.scene.render
        render.resolution_percentage = 100 * zoom
        render.use_border, render.use_crop_to_border = True, zoom > 1
        render.border_min_x = max(0.0, np.floor(around[0] - REACH) / width)
        render.border_max_x = min(1.0, np.ceil(around[0] + REACH) / width)
        render.border_min_y = max(0.0, np.floor(height - around[1] - REACH) / height)
        render.border_max_y = min(1.0, np.ceil(height - around[1] + REACH) / height)
        bpy.ops.render.render(scene=self.scene.name, write_still=True)


def centroid(coverage: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2,) mean position of the covered pixels, COCO coordinates."""
    rows, columns = np.indices(coverage.shape)
    total = coverage.sum()
    return np.array([((columns + 0.5) * coverage).sum(), ((rows + 0.5) * coverage).sum()]) / total
