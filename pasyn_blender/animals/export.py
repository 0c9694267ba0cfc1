"""Write a built-in animal as a file that other programs open: .blend and .glb."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from ..errors import RenderError
from ..rig.loaded_rig import LoadedRig
from .anatomy_model import AnimalModel, animal_model
from .build import build_animal
from .mesh_graph import unique_edges
from .sweep import FloatArray

COLOUR: Final = "Color"
"""Name of a mesh's finished vertex colours: the one most programs look for."""

_ROUGH: Final = 0.75

_SOFT: Final = 0.3
"""Half width of a border between colours, in lengths of the mesh's edges: narrower ones turn into steps."""


def build_alone(species: str, individual: int, *, motions: bool = True) -> LoadedRig:
    """Empty the open file and build one animal in it, at rest, its coat also as plain vertex colours.

    Parameters
    ----------
    species, individual
        As :func:`~.build.build_animal` takes them.
    motions
        Whether its actions stay.

    Raises
    ------
    RigError
        The species is not built in.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = build_animal(species, individual, motions=motions)
    _set_colours(rig.meshes[0].data, smooth_colours(animal_model(species, individual)))
    scene = bpy.context.scene
    scene.name = f"{species} {individual}"
    last = max((action.frame_range[1] for action in bpy.data.actions), default=1.0)
    scene.frame_start, scene.frame_end = 1, round(last)
    scene.frame_set(1)
    return rig


def smooth_colours(model: AnimalModel) -> FloatArray:
    """Colours of a coat at the vertices, its borders as wide as the mesh needs to draw them without steps.

    Parameters
    ----------
    model
        The animal.

    Returns
    -------
    ndarray
        (V, 4) linear RGB, and 1.
    """
    coat, count = model.coat, len(model.vertices)
    edges = unique_edges(model.quads)
    lengths = np.linalg.norm(model.vertices[edges[:, 0]] - model.vertices[edges[:, 1]], axis=1)
    ends = edges.ravel()
    spacing = np.bincount(ends, lengths.repeat(2), count) / np.bincount(ends, minlength=count).clip(1)
    half = np.maximum(coat.edge, _SOFT * spacing / coat.scale)
    figure = np.clip(0.5 + 0.5 * coat.pattern.max(axis=1) / half, 0.0, 1.0)[:, None]
    return np.column_stack([coat.light * (1.0 - figure) + coat.dark * figure, np.ones(count)])


def save_blend(path: Path) -> None:
    """Write the open file, its pictures packed; it stays what it was.

    Parameters
    ----------
    path
        A name that ends in .blend.

    Raises
    ------
    RenderError
        Blender cannot write it.
    """
    bpy.data.orphans_purge(do_recursive=True)  # what building left over; actions have a user
    _call(path, bpy.ops.file.pack_all)
    _call(
        path, bpy.ops.wm.save_as_mainfile, filepath=str(path), copy=True, compress=True, check_existing=False
    )


def save_glb(rig: LoadedRig, path: Path) -> None:
    """Write skin, colours and all actions of the open file's only animal as binary glTF.

    glTF knows neither shader nodes nor mesh attributes of one's own: colours become those of the vertices, in
    materials that replace the animal's. Actions begin at time 0, or players of loops would pause before each
    round. Both changes stay in the open file.

    Parameters
    ----------
    rig
        Of :func:`build_alone`.
    path
        A name that ends in .glb.

    Raises
    ------
    RenderError
        Blender cannot write it.
    """
    for mesh in rig.meshes:
        colour_vertices(mesh, path)
    for action in rig.actions or ():
        _begin_at_zero(action)
    # Without animation data the exporter takes an armature for one that never moves.
    rig.armature.animation_data_create()
    _call(
        path,
        bpy.ops.export_scene.gltf,
        filepath=str(path),
        check_existing=False,
        export_format="GLB",
        export_yup=True,
        export_apply=False,
        export_skins=True,
        export_vertex_color="MATERIAL",
        export_all_vertex_colors=False,
        export_animations=bool(rig.actions),
        export_animation_mode="ACTIONS",
        export_anim_single_armature=True,
        # Keys as they are: every frame has one, and playing all actions again takes a second each.
        export_force_sampling=False,
        export_optimize_animation_size=False,
    )


def _call(path: Path, operator: Any, **settings: Any) -> None:
    """Call an operator that writes a file; it tells of what goes wrong by a RuntimeError or not at all."""
    try:
        operator(**settings)
    except RuntimeError as error:
        if "KeyboardInterrupt" in str(error):  # Blender hides it within what it raises
            raise KeyboardInterrupt from None
        raise RenderError(f"Blender could not write {path.name}: {' '.join(str(error).split())}") from None
    if settings.get("filepath") and not path.is_file():
        raise RenderError(f"Blender wrote no {path.name}; is the disk full?")


def colour_vertices(mesh: Any, path: Path) -> None:
    """Give a mesh materials that read vertex colours, where its own compute colours in another way.

    Vertex colours called :data:`COLOUR` are taken as finished; where there are none they are made of what the
    materials give at the vertices.

    Parameters
    ----------
    mesh
        Mesh object in the scene.
    path
        File that is to be written, to name in errors.

    Raises
    ------
    RenderError
        Blender cannot evaluate the materials.
    """
    slots = [slot for slot in mesh.material_slots if slot.material is not None]
    computed = [slot for slot in slots if _computes_colour(slot.material)]
    if not computed:
        return
    if COLOUR not in mesh.data.color_attributes:
        _bake_colours(mesh, path)
    for slot in computed:
        slot.material = _plain_material(slot.material)


def _computes_colour(material: Any) -> bool:
    """Whether the colour comes from nodes: an exporter translates only a constant."""
    shader = _principled(material)
    return shader is None or bool(shader.inputs["Base Color"].is_linked)


def _principled(material: Any) -> Any:
    nodes = () if material.node_tree is None else material.node_tree.nodes
    return next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)


def _set_colours(data: Any, values: FloatArray) -> None:
    """Give a mesh (V, 4) finished vertex colours, linear."""
    made = data.color_attributes.new(COLOUR, "FLOAT_COLOR", "POINT")
    made.data.foreach_set("color", values.astype(np.float32).ravel())
    data.color_attributes.active_color = made


def _bake_colours(mesh: Any, path: Path) -> None:
    """Let Cycles evaluate the materials at the vertices, whatever they are made of."""
    _set_colours(mesh.data, np.zeros((len(mesh.data.vertices), 4)))
    scene, layer = bpy.context.scene, bpy.context.view_layer
    engine = scene.render.engine
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.seed = "CPU", 16, 0
    layer.objects.active = mesh
    for obj in layer.objects:
        obj.select_set(obj == mesh)
    try:
        _call(path, bpy.ops.object.bake, type="DIFFUSE", pass_filter={"COLOR"}, target="VERTEX_COLORS")
    finally:
        scene.render.engine = engine
        mesh.select_set(False)
    made = mesh.data.color_attributes[COLOUR].data
    values = np.empty(4 * len(made), dtype=np.float32)
    made.foreach_get("color", values)
    values = np.clip(values, 0.0, 1.0)
    values[3::4] = 1.0
    made.foreach_set("color", values)


def _plain_material(material: Any) -> Any:
    """Material of the same name with the roughness of another, and vertex colours."""
    shader = _principled(material)
    name = material.name
    material.name = f"{name} in Blender"
    plain = bpy.data.materials.new(name)
    plain.use_nodes = True
    plain.use_backface_culling = material.use_backface_culling
    made = _principled(plain)
    made.inputs["Roughness"].default_value = _roughness(shader)
    read = plain.node_tree.nodes.new("ShaderNodeVertexColor")
    read.layer_name = COLOUR
    plain.node_tree.links.new(read.outputs["Color"], made.inputs["Base Color"])
    return plain


def _roughness(shader: Any) -> float:
    given = None if shader is None else shader.inputs["Roughness"]
    return _ROUGH if given is None or given.is_linked else float(given.default_value)


def _begin_at_zero(action: Any) -> None:
    first = action.frame_range[0]
    for curve in _curves(action):
        places = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
        for channel in ("co", "handle_left", "handle_right"):
            curve.keyframe_points.foreach_get(channel, places)
            places[::2] -= first
            curve.keyframe_points.foreach_set(channel, places)
        curve.update()


def _curves(action: Any) -> Iterator[Any]:
    """Curves of an action: slotted from Blender 4.4 on, plain before."""
    if not hasattr(action, "layers"):
        yield from action.fcurves
        return
    bags: Sequence[Any] = [
        bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags
    ]
    for bag in bags:
        yield from bag.fcurves
