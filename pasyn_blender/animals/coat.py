"""Materials of the built-in animals."""

from __future__ import annotations

from typing import Any, Final

import bpy

STRIPE_ATTRIBUTE: Final = "stripe"
DARK_ATTRIBUTE: Final = "dark"

_WHITE: Final = (0.72, 0.66, 0.57, 1.0)
_BLACK: Final = (0.018, 0.014, 0.012, 1.0)
_SKIN: Final = (0.044, 0.034, 0.030, 1.0)
_HOLLOW: Final = (0.006, 0.004, 0.004, 1.0)
_EYE: Final = (0.012, 0.007, 0.005, 1.0)
_EDGE: Final = 0.10
"""Half width of a stripe's soft edge, in units of the stripe attribute."""


def coat_material(name: str) -> bpy.types.Material:
    """Black stripes on white where the stripe attribute is positive, and dark bare skin and hoof."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 0.72
    shader.inputs["Specular IOR Level"].default_value = 0.25

    def factor(attribute: str, low: float, high: float) -> Any:
        read = nodes.new("ShaderNodeAttribute")
        read.attribute_name = attribute
        ramp = nodes.new("ShaderNodeMapRange")
        ramp.inputs["From Min"].default_value = low
        ramp.inputs["From Max"].default_value = high
        links.new(read.outputs["Fac"], ramp.inputs["Value"])
        return ramp.outputs["Result"]

    def mixed(weight: Any, first: Any, second: tuple[float, float, float, float]) -> Any:
        mix = nodes.new("ShaderNodeMix")
        mix.data_type = "RGBA"
        # The node has a set of sockets for each data type under the same names: take those of colours.
        a, b = (next(s for s in mix.inputs if s.identifier == f"{name}_Color") for name in "AB")
        links.new(weight, mix.inputs["Factor"])
        if isinstance(first, tuple):
            a.default_value = first
        else:
            links.new(first, a)
        b.default_value = second
        return next(s for s in mix.outputs if s.identifier == "Result_Color")

    stripes = mixed(factor(STRIPE_ATTRIBUTE, -_EDGE, _EDGE), _WHITE, _BLACK)
    skin = mixed(factor(DARK_ATTRIBUTE, 0.0, 1.0), stripes, _SKIN)
    colour = mixed(factor(DARK_ATTRIBUTE, 1.0, 2.0), skin, _HOLLOW)
    links.new(colour, shader.inputs["Base Color"])
    material.diffuse_color = _WHITE
    return material


def eye_material(name: str) -> bpy.types.Material:
    """Dark brown, wet."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = _EYE
    shader.inputs["Roughness"].default_value = 0.08
    material.diffuse_color = _EYE
    return material
