"""``pasyn animals`` writes built-in animals that come back the same, and draws them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from runs import pasyn
from typer.testing import CliRunner

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.errors import PasynError
from render_jobs.animals_build_command import chosen_formats
from render_jobs.animals_choice import chosen_individuals, chosen_species
from render_jobs.animals_sheet_command import SheetOptions, Sheets, draw_sheets, sheet_paths
from render_jobs.cli_animals import app

SPECIES = BUILT_IN[0]


def test_animals_are_named_as_people_write_them() -> None:
    assert chosen_individuals("0-2,7, 1") == (0, 1, 2, 7)
    assert chosen_species([SPECIES, "all", SPECIES]) == (SPECIES, *(s for s in BUILT_IN if s != SPECIES))
    assert chosen_formats("glb,.blend") == ("blend", "glb")
    assert sheet_paths(["dog"], Path("a/sheet.PNG")) == {"dog": Path("a/sheet.PNG")}
    assert sheet_paths(["dog"], Path("a/b.JPEG")) == {"dog": Path("a/b.JPEG")}
    assert sheet_paths(["dog"], Path("a"), "jpg") == {"dog": Path("a/dog.jpg")}
    assert sheet_paths(["dog", "cow"], Path("a")) == {"dog": Path("a/dog.png"), "cow": Path("a/cow.png")}


def test_what_cannot_be_done_is_said_before_anything_is_built(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious")
    for arguments, words in (
        (("build", "unicorn", "-o", "x"), "no built-in animal 'unicorn'; built-in are: "),
        (("build", SPECIES, "-o", "x", "--individuals", "3-1"), "3-1 goes from low to high"),
        (("build", SPECIES, "-o", "x", "--individuals", "first"), "write whole numbers as 0-9 or 0,3,7"),
        (("build", SPECIES, "-o", "x", "--individuals", "0-99999999"), "more than 1000 at once"),
        (("build", SPECIES, "-o", "x", "--formats", "fbx"), "'fbx' is none of blend, glb"),
        (("build", SPECIES, "-o", str(there)), "is a file; name a folder"),
        (("sheet", SPECIES, "-o", "x.gif"), "a sheet is written as .png or .jpg"),
        (("sheet", SPECIES, "-o", "x.jpg", "--format", "png"), "x.jpg says otherwise"),
        (("sheet", SPECIES, "-o", "x", "--format", "gif"), "is none of png, jpg"),
        (("sheet", SPECIES, "-o", "x.jpg", "--individuals", "0-199"), "at most 65500 pixels long"),
        (("sheet", SPECIES, "-o", "x", "--prior", "absent"), "absent.npz"),
    ):
        refused = CliRunner().invoke(app, list(arguments))
        assert isinstance(refused.exception, PasynError), (arguments, refused.output)
        assert words in str(refused.exception), str(refused.exception)
    assert there.read_text() == "precious" and not Path("x").exists()
    program = pasyn("animals", "build", "unicorn", "-o", str(tmp_path / "x"))
    assert program.returncode == 2 and program.stderr.startswith("error: there is no built-in animal")


def posed(rig: Any, names: list[str]) -> np.ndarray:
    """(A, 2, V, 3) vertices at two moments of each action, counted from the action's first frame."""
    import bpy

    from pasyn_blender.rig.loading import apply_action, deformed_vertices, list_actions

    ranges = {action.name: action for action in list_actions(rig)}
    found = []
    for name in names:
        for frames in (0.0, 5.5):
            apply_action(rig, name, ranges[name].start + frames)
            bpy.context.view_layer.update()
            found.append(deformed_vertices(rig, bpy.context.evaluated_depsgraph_get()))
    return np.array(found).reshape(len(names), 2, -1, 3)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """An animal's files, and what it was in the scene it was built in."""
    import bpy

    from pasyn_blender.animals.export import build_alone, save_blend, save_glb
    from pasyn_blender.rig.loading import clear_action, list_actions, read_geometry

    folder = tmp_path_factory.mktemp("exported")
    rig = build_alone(SPECIES, 1)
    # Some of its actions: each takes a tenth of a second to write and another to read.
    keep = (rig.actions or ())[:: max(1, len(rig.actions or ()) // 4)]
    bpy.data.batch_remove([action for action in bpy.data.actions if action not in keep])
    rig = replace(rig, actions=keep)
    facts = {"geometry": read_geometry(rig), "actions": [action.name for action in list_actions(rig)]}
    facts["posed"] = posed(rig, facts["actions"])
    clear_action(rig)
    for format_, save in (("blend", save_blend), ("glb", lambda path: save_glb(rig, path))):
        facts[format_] = folder / f"animal.{format_}"
        save(facts[format_])
    yield facts
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.mark.parametrize("format_", ["blend", "glb"])
def test_a_written_animal_comes_back_the_same(exported: dict[str, Any], format_: str) -> None:
    import bpy

    from pasyn_blender.anatomy.keypoint_sets import LANDMARKS
    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.loading import list_actions, load_rig, read_geometry

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(exported[format_])
    geometry, before = read_geometry(rig), exported["geometry"]
    assert rig.notes == () and rig.dropped == ()
    assert geometry.mesh_names == before.mesh_names
    assert len(geometry.vertices) == len(before.vertices)
    assert set(geometry.bone_names) == set(before.bone_names)
    assert [action.name for action in list_actions(rig)] == exported["actions"]
    assert all(len(action.slots) == 1 for action in rig.actions or ())
    if format_ == "glb":
        # glTF knows blended matrices alone; the weights it holds are the same.
        for mesh in rig.meshes:
            next(m for m in mesh.modifiers if m.type == "ARMATURE").use_deform_preserve_volume = True
    # glTF rounds weights and turns to single precision: hundredths of a millimetre.
    assert np.abs(posed(rig, exported["actions"]) - exported["posed"]).max() < 1e-4
    assert list_actions(rig)[0].start == (1.0 if format_ == "blend" else 0.0)
    found = map_loaded_rig(rig, geometry)
    assert found.missing == () and set(found.keypoints) == set(LANDMARKS)


def test_the_blend_file_holds_the_animal_and_nothing_else(exported: dict[str, Any]) -> None:
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(exported["blend"]))
    meshes = exported["geometry"].mesh_names
    assert {obj.name for obj in bpy.data.objects if obj.type == "MESH"} == set(meshes)
    assert [obj.type for obj in bpy.data.objects if obj.type != "MESH"] == ["ARMATURE"]
    assert {action.name for action in bpy.data.actions} == set(exported["actions"])
    assert all(action.use_fake_user for action in bpy.data.actions)
    assert all(image.packed_file is not None for image in bpy.data.images if image.source == "FILE")
    assert not (bpy.data.cameras or bpy.data.lights or bpy.data.texts)


def test_every_coloured_surface_of_the_glb_can_be_read_elsewhere(exported: dict[str, Any]) -> None:
    """Either a constant, or vertex colours, which is all that a reader of glTF is sure to know."""
    content = exported["glb"].read_bytes()
    length = int.from_bytes(content[12:16], "little")
    document = json.loads(content[20 : 20 + length])
    assert {animation["name"] for animation in document["animations"]} == set(exported["actions"])
    coloured = 0
    for mesh in document["meshes"]:
        for part in mesh["primitives"]:
            colour = document["materials"][part["material"]]["pbrMetallicRoughness"].get("baseColorFactor")
            assert ("COLOR_0" in part["attributes"]) == (colour is None)
            coloured += "COLOR_0" in part["attributes"]
    assert coloured, "the coat is no constant"


def test_colours_are_the_coats_or_what_its_material_computes(empty_scene: Any) -> None:
    from pasyn_blender.animals.export import colour_vertices

    bpy = empty_scene
    reds = np.linspace(0.1, 0.9, 4, dtype=np.float32)

    def card(name: str) -> Any:
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2, 3)])
        mesh.attributes.new("red", "FLOAT", "POINT").data.foreach_set("value", reds)
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        read, make = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeCombineColor")
        read.attribute_name = "red"
        links.new(read.outputs["Fac"], make.inputs["Red"])
        links.new(make.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
        mesh.materials.append(material)
        obj = bpy.data.objects.new(name, mesh)
        bpy.context.scene.collection.objects.link(obj)
        return obj

    def colours(obj: Any) -> np.ndarray:
        (node,) = (n for n in obj.material_slots[0].material.node_tree.nodes if n.type == "VERTEX_COLOR")
        values = np.empty(16, np.float32)
        obj.data.color_attributes[node.layer_name].data.foreach_get("color", values)
        return values.reshape(4, 4)

    computed, finished, constant = card("computed"), card("finished"), card("constant")
    coat = np.tile(np.array([0.2, 0.4, 0.6, 1.0], np.float32), 4)
    finished.data.color_attributes.new("Color", "FLOAT_COLOR", "POINT").data.foreach_set("color", coat)
    # Colours of another name are something that the material computes with.
    computed.data.color_attributes.new("shade", "FLOAT_COLOR", "POINT")
    links = constant.material_slots[0].material.node_tree.links
    for link in list(links):
        if link.to_socket.name == "Base Color":
            links.remove(link)
    for obj in (computed, finished, constant):
        colour_vertices(obj, Path("card.glb"))
    assert np.abs(colours(computed) - np.stack([reds, 0 * reds, 0 * reds, 0 * reds + 1], axis=1)).max() < 0.05
    assert np.abs(colours(finished).ravel() - coat).max() < 1e-6
    assert len(constant.data.color_attributes) == 0
    assert constant.material_slots[0].material.name == "constant"


def test_a_program_writes_the_animal_and_its_map(tmp_path: Path, empty_scene: Any) -> None:
    from pasyn_blender.anatomy.keypoint_sets import LANDMARKS
    from pasyn_blender.anatomy.skeleton import JOINTS
    from pasyn_blender.rig.loading import load_rig, read_geometry
    from pasyn_blender.rig.rig_map_file import read_rig_map

    files = tmp_path / "animals"
    told = pasyn("animals", "build", SPECIES, "-o", str(files), "--formats", "glb", "--no-motions")
    assert told.returncode == 0, told.stderr
    rig_map, glb = files / f"{SPECIES}-0.rig_map.yaml", files / f"{SPECIES}-0.glb"
    assert told.stdout == f"{rig_map}\n{glb}\n"  # none of Blender's chatter
    assert set(files.iterdir()) == {rig_map, glb}
    loaded = load_rig(glb)
    found = read_rig_map(rig_map, read_geometry(loaded))
    assert set(found.joints) == set(JOINTS) and set(found.keypoints) == set(LANDMARKS)
    assert b'"animations"' not in glb.read_bytes()


def test_a_sheet_shows_the_animal_at_rest_and_posed(tmp_path: Path, empty_scene: Any) -> None:
    told: list[float] = []
    sheet = tmp_path / "sheets" / f"{SPECIES}.png"
    options = SheetOptions(poses=1, size=64, samples=2)
    draw_sheets({SPECIES: sheet}, [0], options, lambda what, share: told.append(share))
    assert told == sorted(told) and told[-1] == 1.0
    drawn = np.array(Image.open(io.BytesIO(sheet.read_bytes())).convert("RGB")).astype(float)
    assert drawn.shape[1] == 2 * 70 + 6
    cells = [drawn[36:100, 6 + 70 * column : 70 + 70 * column] for column in (0, 1)]
    for cell in cells:
        # Sky above, ground below, and something that is neither in the middle.
        assert cell[:4].mean() > cell[-4:].mean() > 60
        assert cell[16:48, 16:48].std() > cell[:4].std() + 5
    assert np.abs(cells[0] - cells[1]).mean() > 2


def test_sheets_are_the_same_by_any_number_of_processes_and_are_not_drawn_twice(tmp_path: Path) -> None:
    options = SheetOptions(poses=1, size=48, samples=1)

    def drawn(name: str, workers: int, overwrite: bool = False) -> Sheets:
        path = {SPECIES: tmp_path / name}
        return draw_sheets(path, [0, 1], options, lambda *_: None, workers, overwrite=overwrite)

    one, two = tmp_path / "one.png", tmp_path / "two.png"
    assert drawn("one.png", 1) == Sheets((one,), ())
    assert drawn("two.png", 2) == Sheets((two,), ())
    assert one.read_bytes() == two.read_bytes()
    assert drawn("one.png", 1) == Sheets((), (one,)), "it is there"
    assert drawn("one.png", 1, overwrite=True) == Sheets((one,), ())
    one.write_bytes(one.read_bytes()[:-9])
    assert drawn("one.png", 1) == Sheets((one,), ()), "it was damaged"
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (9, 9)).save(photo)
    assert drawn("photo.jpg", 1) == Sheets((photo,), ()), "it was something else"
    assert drawn("photo.jpg", 1) == Sheets((), (photo,))
    assert np.abs(np.array(Image.open(photo)).astype(int) - np.array(Image.open(one))).mean() < 4
