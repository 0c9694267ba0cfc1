"""Every material graph gets the coat's knob: nodes or none, Principled or not, groups, vertex colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pasyn_blender.scene.coat import prepare_coat


@dataclass(frozen=True)
class Request:
    hue: float = 0.0
    saturation: float = 1.0
    value: float = 1.0


def mesh(bpy: Any, material: Any | None = None) -> Any:
    data = bpy.data.meshes.new("body")
    data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    obj = bpy.data.objects.new("body", data)
    bpy.context.scene.collection.objects.link(obj)
    if material is not None:
        data.materials.append(material)
    return obj


def material(bpy: Any, *, nodes: bool = True) -> Any:
    made = bpy.data.materials.new("fur")
    made.use_nodes = nodes
    return made


def passage_into(node: Any, socket: str) -> Any:
    """Check that a colour comes through the coat's group, and return the group node."""
    source = node.inputs[socket].links[0].from_node
    assert source.type == "GROUP" and source.node_tree.name.startswith("PASyn coat")
    return source


def shader(made: Any, kind: str = "BSDF_PRINCIPLED") -> Any:
    return next(node for node in made.node_tree.nodes if node.type == kind)


def test_a_plain_colour_passes_through_the_knob(empty_scene: Any) -> None:
    made = material(empty_scene)
    shader(made).inputs["Base Color"].default_value = (0.5, 0.25, 0.125, 1)
    prepare_coat([mesh(empty_scene, made)])
    colour = passage_into(shader(made), "Base Color").inputs["Color"].default_value
    assert tuple(colour) == pytest.approx((0.5, 0.25, 0.125, 1))


def test_a_texture_or_vertex_colour_stays_connected(empty_scene: Any) -> None:
    made = material(empty_scene)
    tree = made.node_tree
    colours = tree.nodes.new("ShaderNodeVertexColor")
    tree.links.new(colours.outputs["Color"], shader(made).inputs["Base Color"])
    prepare_coat([mesh(empty_scene, made)])
    assert passage_into(shader(made), "Base Color").inputs["Color"].links[0].from_node == colours


def test_other_shaders_and_groups_are_reached(empty_scene: Any) -> None:
    made = material(empty_scene)
    inner = empty_scene.data.node_groups.new("inner", "ShaderNodeTree")
    inner.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    diffuse, result = inner.nodes.new("ShaderNodeBsdfDiffuse"), inner.nodes.new("NodeGroupOutput")
    inner.links.new(diffuse.outputs[0], result.inputs[0])
    tree = made.node_tree
    tree.nodes.remove(shader(made))
    use = tree.nodes.new("ShaderNodeGroup")
    use.node_tree = inner
    tree.links.new(use.outputs[0], shader(made, "OUTPUT_MATERIAL").inputs["Surface"])
    prepare_coat([mesh(empty_scene, made)])
    passage_into(diffuse, "Color")


def test_a_material_without_nodes_keeps_its_colour(empty_scene: Any) -> None:
    made = material(empty_scene, nodes=False)
    made.diffuse_color = (0.1, 0.2, 0.3, 1.0)
    prepare_coat([mesh(empty_scene, made)])
    colour = passage_into(shader(made), "Base Color").inputs["Color"].default_value
    assert tuple(colour)[:3] == pytest.approx((0.1, 0.2, 0.3))


def test_a_mesh_without_material_gets_one(empty_scene: Any) -> None:
    bare = mesh(empty_scene)
    prepare_coat([bare])
    passage_into(shader(bare.material_slots[0].material), "Base Color")


def test_a_shared_material_is_hooked_once_and_all_hang_on_one_knob(empty_scene: Any) -> None:
    shared, other = material(empty_scene), material(empty_scene)
    coat = prepare_coat([mesh(empty_scene, shared), mesh(empty_scene, shared), mesh(empty_scene, other)])
    first, second = (passage_into(shader(made), "Base Color") for made in (shared, other))
    assert not first.inputs["Color"].is_linked
    assert first.node_tree == second.node_tree
    coat.apply(Request(hue=-0.1, saturation=0.5, value=2.0))
    knob = next(node for node in first.node_tree.nodes if node.type == "HUE_SAT")
    values = [knob.inputs[name].default_value for name in ("Hue", "Saturation", "Value")]
    assert values == pytest.approx([0.4, 0.5, 2.0])
