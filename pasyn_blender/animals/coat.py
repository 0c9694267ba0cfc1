"""Materials of the built-in animals, and the mesh attributes that they read."""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np

from .coats import Coat, final_colours
from .sweep import FloatArray

_EYE: Final = (0.012, 0.007, 0.005, 1.0)
_LIGHT: Final = "coat_light"
_DARK: Final = "coat_dark"
_PATTERN: Final = "coat_pattern"
_SKIN: Final = "coat_skin"
_WOOL: Final = "coat_wool"
_STRANDS: Final = "coat_strands"
_LOCKS: Final = "coat_locks"

_STRAND_WAVES: Final = 85.0
"""Strands of hair in a table unit, across the hair."""
_LOCK_WAVES: Final = 34.0
"""Locks of long hair in a table unit, across the hair."""
_LOCK_HEIGHT: Final = 4.0
"""Of a lock over the partings beside it, in heights of a strand."""
_LOCK_SHADE: Final = 1.4
"""How much lighter a lock's back is than its parting, as a share of its colour for all of a noise."""
_CURLS: Final = 30.0
"""Curls of wool in a table unit."""
_CURL_HEIGHT: Final = 9.0
"""Of a curl over its creases, in heights of a strand."""


def set_coat(mesh: bpy.types.Mesh, coat: Coat) -> None:
    """Give a mesh the attributes that :func:`coat_material` reads.

    Parameters
    ----------
    mesh
        The animal's mesh.
    coat
        Coat of its vertices, in their order.
    """
    opaque = np.ones(len(coat.skin))
    _set(mesh, _LIGHT, "FLOAT_COLOR", "color", np.column_stack([coat.light, opaque]))
    _set(mesh, _DARK, "FLOAT_COLOR", "color", np.column_stack([coat.dark, opaque]))
    if coat.pattern.shape[1] == 1:
        _set(mesh, _PATTERN, "FLOAT", "value", coat.pattern)
    else:
        columns = np.full((len(opaque), 4), coat.pattern.min())
        columns[:, : coat.pattern.shape[1]] = coat.pattern
        _set(mesh, _PATTERN, "FLOAT_COLOR", "color", columns)
    _set(mesh, _SKIN, "FLOAT", "value", coat.skin)
    _set(mesh, _STRANDS, "FLOAT_VECTOR", "vector", coat.strands)
    if coat.locks.any():
        _set(mesh, _LOCKS, "FLOAT", "value", coat.locks)
    if coat.wool.any():
        _set(mesh, _WOOL, "FLOAT", "value", coat.wool)


def _set(mesh: bpy.types.Mesh, name: str, kind: Any, member: str, values: FloatArray) -> None:
    attribute = mesh.attributes.new(name, kind, "POINT")
    attribute.data.foreach_set(member, values.astype(np.float32).ravel())


class _Tree:
    """Nodes of a material, by what they compute."""

    def __init__(self, material: bpy.types.Material) -> None:
        self.nodes, self.links = material.node_tree.nodes, material.node_tree.links

    def attribute(self, name: str) -> Any:
        node = self.nodes.new("ShaderNodeAttribute")
        node.attribute_name = name
        return node

    def put(self, source: Any, socket: Any) -> None:
        """Connect, or set a constant."""
        if isinstance(source, bpy.types.NodeSocket):
            self.links.new(source, socket)
        else:
            socket.default_value = source

    def math(self, operation: str, first: Any, second: Any = 0.0, third: Any = 0.0) -> Any:
        node = self.nodes.new("ShaderNodeMath")
        node.operation = operation
        for source, socket in zip((first, second, third), node.inputs, strict=True):
            self.put(source, socket)
        return node.outputs["Value"]

    def between(self, value: Any, low: float, high: float, first: float = 0.0, last: float = 1.0) -> Any:
        node = self.nodes.new("ShaderNodeMapRange")
        for name, number in (("From Min", low), ("From Max", high), ("To Min", first), ("To Max", last)):
            node.inputs[name].default_value = number
        self.put(value, node.inputs["Value"])
        return node.outputs["Result"]

    def mixed(self, weight: Any, first: Any, second: Any) -> Any:
        node = self.nodes.new("ShaderNodeMix")
        node.data_type = "RGBA"
        # The node has a set of sockets for each data type under the same names: take those of colours.
        sockets = {socket.identifier: socket for socket in node.inputs}
        self.put(weight, sockets["Factor_Float"])
        self.put(first, sockets["A_Color"])
        self.put(second, sockets["B_Color"])
        return next(s for s in node.outputs if s.identifier == "Result_Color")

    def scaled(self, colour: Any, factor: Any) -> Any:
        node = self.nodes.new("ShaderNodeVectorMath")
        node.operation = "SCALE"
        self.put(colour, node.inputs[0])
        self.put(factor, node.inputs["Scale"])
        return node.outputs["Vector"]

    def noise(self, place: Any, waves: float, detail: float) -> Any:
        node = self.nodes.new("ShaderNodeTexNoise")
        self.put(place, node.inputs["Vector"])
        node.inputs["Scale"].default_value = waves
        node.inputs["Detail"].default_value = detail
        return node.outputs[0]


def coat_material(name: str, coat: Coat) -> bpy.types.Material:
    """Hair, skin and hooves as the mesh's coat attributes say, with strands that move with the skin.

    Parameters
    ----------
    name
        Name of the material.
    coat
        The coat that :func:`set_coat` gave the mesh.
    """
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = _Tree(material)
    shader = tree.nodes["Principled BSDF"]
    strands = tree.attribute(_STRANDS).outputs["Vector"]
    fine = tree.noise(strands, _STRAND_WAVES, 2.0)
    skin = tree.attribute(_SKIN).outputs["Fac"]

    pattern = _largest(tree, tree.attribute(_PATTERN), coat.pattern.shape[1])
    # Single hairs reach over the border.
    frayed = tree.math("MULTIPLY_ADD", tree.math("SUBTRACT", fine, 0.5), 5.0 * coat.edge, pattern)
    weight = tree.between(frayed, -coat.edge, coat.edge)
    colour = tree.mixed(
        weight, tree.attribute(_LIGHT).outputs["Color"], tree.attribute(_DARK).outputs["Color"]
    )
    # Noise lies between about 0.25 and 0.75.
    change = 0.35 * coat.fur
    shine = tree.between(fine, 0.25, 0.75, 1.0 - change, 1.0 + change)
    locks = None
    if coat.locks.any():
        waves = tree.math("SUBTRACT", tree.noise(strands, _LOCK_WAVES, 2.0), 0.5)
        long = tree.attribute(_LOCKS).outputs["Fac"]
        locks = tree.math("MULTIPLY", waves, long)
        # Short hair hardly stands out, but its colour is not even either.
        shaded = tree.math("MULTIPLY", waves, tree.math("POWER", long, 0.5))
        shine = tree.math("MULTIPLY", shine, tree.math("MULTIPLY_ADD", shaded, _LOCK_SHADE, 1.0))
    tree.put(tree.scaled(colour, shine), shader.inputs["Base Color"])

    bare = 0.28 if coat.wet else 0.5
    tree.put(tree.between(skin, 0.0, 1.0, coat.roughness, bare), shader.inputs["Roughness"])
    # Hair lets light in between its strands: a surface that mirrors it as skin does turns black coats grey.
    shader.inputs["Specular IOR Level"].default_value = 0.12
    tree.put(_relief(tree, coat, fine, strands, locks), shader.inputs["Normal"])
    colours = final_colours(coat)[:, :3].mean(axis=0)
    material.diffuse_color = (*colours.tolist(), 1.0)
    return material


def _largest(tree: _Tree, attribute: Any, columns: int) -> Any:
    if columns == 1:
        return attribute.outputs["Fac"]
    parts = tree.nodes.new("ShaderNodeSeparateColor")
    tree.put(attribute.outputs["Color"], parts.inputs["Color"])
    found = attribute.outputs["Alpha"]
    for output in parts.outputs:
        found = tree.math("MAXIMUM", found, output)
    return found


def _relief(tree: _Tree, coat: Coat, fine: Any, strands: Any, locks: Any | None) -> Any:
    """Normals of strands, of locks where hair is long, and of curls where it is woolly."""
    bump = tree.nodes.new("ShaderNodeBump")
    height = fine
    bump.inputs["Strength"].default_value = 0.35 * coat.fur
    bump.inputs["Distance"].default_value = 0.006 * coat.scale
    if locks is not None:
        height = tree.math("MULTIPLY_ADD", locks, _LOCK_HEIGHT, height)
        bump.inputs["Strength"].default_value = max(0.35 * coat.fur, 0.5 * float(coat.locks.max()))
    if coat.wool.any():
        # Curls are round and part along creases: the folds of a noise that has been made positive. Single
        # waves of it take a sixth of the time of the cells of a Voronoi texture.
        folds = tree.math("ABSOLUTE", tree.math("SUBTRACT", tree.noise(strands, _CURLS, 0.0), 0.5))
        wool = tree.attribute(_WOOL).outputs["Fac"]
        curls = tree.math("MULTIPLY", folds, wool)
        # Under curls no single hair shows, and relief is computed three times over: its noise is left out.
        height = (
            tree.math("MULTIPLY", curls, _CURL_HEIGHT)
            if locks is None
            else tree.math("MULTIPLY_ADD", curls, _CURL_HEIGHT, height)
        )
        bump.inputs["Strength"].default_value = max(
            bump.inputs["Strength"].default_value, 0.6 * float(coat.wool.max())
        )
    tree.put(height, bump.inputs["Height"])
    return bump.outputs["Normal"]


def eye_material(name: str) -> bpy.types.Material:
    """Dark brown, wet."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = _EYE
    shader.inputs["Roughness"].default_value = 0.08
    material.diffuse_color = _EYE
    return material
