"""Variation of the coat on whatever materials an animal has.

Every colour that a surface shader takes passes through one shared node group, whose values are all that
changes from shot to shot: no other part of a material is touched, and colours from textures, vertex colours
and constants are treated alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import bpy

from .requests import CoatRequest

_COLOUR_INPUTS = {
    "BSDF_PRINCIPLED": ("Base Color", "Emission Color", "Emission"),
    "EEVEE_SPECULAR": ("Base Color",),
    "BSDF_DIFFUSE": ("Color",),
    "BSDF_GLOSSY": ("Color",),
    "BSDF_TOON": ("Color",),
    "BSDF_SHEEN": ("Color",),
    "BSDF_VELVET": ("Color",),
    "BSDF_HAIR": ("Color",),
    "BSDF_HAIR_PRINCIPLED": ("Color",),
    "SUBSURFACE_SCATTERING": ("Color",),
    "EMISSION": ("Color",),
}

BARE = (0.33, 0.24, 0.17, 1.0)
"""Linear colour of a mesh without any material: the brown of a bay horse."""


class Coat:
    """The knob that all materials of an animal hang on."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def apply(self, request: CoatRequest) -> None:
        """Set hue shift, saturation and value."""
        self._node.inputs["Hue"].default_value = (0.5 + request.hue) % 1.0
        self._node.inputs["Saturation"].default_value = request.saturation
        self._node.inputs["Value"].default_value = request.value


def prepare_coat(meshes: Sequence[Any]) -> Coat:
    """Route every surface colour of some mesh objects through one adjustable node group.

    Meshes without a material get a plain one, materials without nodes become nodes of the same colour.
    """
    group, node = _coat_group()
    for obj in meshes:
        _give_materials(obj)
    materials = {slot.material: None for obj in meshes for slot in obj.material_slots}
    trees: set[Any] = set()
    for material in materials:
        _give_nodes(material)
        for tree in _trees(material.node_tree):
            if tree in trees or tree == group:
                continue
            trees.add(tree)
            _hook(tree, group)
    return Coat(node)


def _coat_group() -> tuple[Any, Any]:
    group = bpy.data.node_groups.new("PASyn coat", "ShaderNodeTree")
    group.interface.new_socket("Color", in_out="INPUT", socket_type="NodeSocketColor")
    group.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    entry, result = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    node = group.nodes.new("ShaderNodeHueSaturation")
    group.links.new(entry.outputs["Color"], node.inputs["Color"])
    group.links.new(node.outputs["Color"], result.inputs["Color"])
    return group, node


def _give_materials(obj: Any) -> None:
    if not obj.material_slots:
        obj.data.materials.append(None)
    for slot in obj.material_slots:
        if slot.material is None:
            material = bpy.data.materials.new("PASyn bare")
            material.diffuse_color = BARE
            _give_nodes(material)
            _set_colour(material, BARE)
            slot.material = material


def _give_nodes(material: Any) -> None:
    if material.node_tree is not None and material.use_nodes:
        return
    colour = tuple(material.diffuse_color)
    material.use_nodes = True
    _set_colour(material, colour)


def _set_colour(material: Any, colour: tuple[float, ...]) -> None:
    for node in material.node_tree.nodes:
        if node.type == "BSDF_PRINCIPLED":
            node.inputs["Base Color"].default_value = (*colour[:3], 1.0)


def _trees(tree: Any) -> Iterator[Any]:
    """A node tree and those of the groups in it."""
    yield tree
    for node in tree.nodes:
        if node.type == "GROUP" and node.node_tree is not None:
            yield from _trees(node.node_tree)


def _hook(tree: Any, group: Any) -> None:
    for node in list(tree.nodes):
        for name in _COLOUR_INPUTS.get(node.type, ()):
            socket = node.inputs.get(name)
            if socket is None or not socket.enabled:
                continue
            passage = tree.nodes.new("ShaderNodeGroup")
            passage.node_tree = group
            if socket.is_linked:
                tree.links.new(socket.links[0].from_socket, passage.inputs["Color"])
            else:
                passage.inputs["Color"].default_value = socket.default_value
            tree.links.new(passage.outputs["Color"], socket)
