"""Depth and normals as EXR files of their own, through the compositor: Blender splits them no other way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

from ..errors import RenderError

_SOCKETS = {"depth": ("Depth", "Z"), "normal": ("Normal",)}


class PassFiles:
    """Writes passes beside each render.

    Parameters
    ----------
    scene
        Scene whose compositor is taken over.
    passes
        Of ``"depth"`` and ``"normal"``.
    """

    def __init__(self, scene: bpy.types.Scene, passes: Sequence[str]) -> None:
        self._scene = scene
        self._outputs: dict[str, Any] = {}
        self._folder = Path()
        self._stem = ""
        tree = _compositor(scene)
        layers = tree.nodes.new("CompositorNodeRLayers")
        for name in passes:
            node = tree.nodes.new("CompositorNodeOutputFile")
            socket = next((layers.outputs[s] for s in _SOCKETS[name] if s in layers.outputs), None)
            if socket is None:
                raise RenderError(f"the render engine {scene.render.engine} offers no {name} pass")
            if hasattr(node, "media_type"):
                node.media_type = "IMAGE"
            if hasattr(node.format, "media_type"):
                node.format.media_type = "IMAGE"
            node.format.file_format = "OPEN_EXR"
            node.format.color_depth = "32"
            node.format.exr_codec = "ZIP"
            node.format.color_mode = "BW" if name == "depth" else "RGB"
            if hasattr(node, "file_output_items"):
                node.file_output_items.clear()
                node.file_output_items.new("FLOAT" if name == "depth" else "VECTOR", name)
            tree.links.new(socket, node.inputs[0])
            self._outputs[name] = node

    def aim(self, folder: Path, stem: str) -> None:
        """Say where the next render's passes go; they are named after ``stem``."""
        self._folder, self._stem = folder, stem
        for name, node in self._outputs.items():
            prefix = f"{stem}.{name}."
            if hasattr(node, "file_output_items"):
                node.directory = str(folder)
                node.file_name = prefix
                node.file_output_items[0].name = ""
            else:
                node.base_path = str(folder)
                node.file_slots[0].path = prefix

    def collect(self, targets: Mapping[str, Path]) -> None:
        """Give the files of the last render their names; Blender adds frame numbers to them.

        Raises
        ------
        RenderError
            A pass was not written.
        """
        for name in self._outputs:
            prefix = f"{self._stem}.{name}."
            written = sorted(path for path in self._folder.iterdir() if path.name.startswith(prefix))
            if not written:
                raise RenderError(f"Blender wrote no {name} pass; is the disk full?")
            for path in written[1:]:
                path.unlink()
            written[0].replace(targets[name])


def _compositor(scene: bpy.types.Scene) -> Any:
    """An empty compositor tree that passes the picture on; Blender 5.0 keeps it elsewhere."""
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("PASyn passes", "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        output = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        output = tree.nodes.new("CompositorNodeComposite")
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(layers.outputs["Image"], output.inputs[0])
    return tree
