"""Moments in which something is not as it should be: what is said, and what is left."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import bpy
from hands import Hands, NotThereError, Steps
from main_path import RIG, open_sidebar
from marks import extension
from messages import messages

PROGRAM = "/opt/pasyn/bin/pasyn"
SMALL = Path("/small")
LEFT = 40_960
"""Bytes that are left on the full disk: a job fits on it, pictures do not."""


def steps(hands: Hands, values: dict[str, Any]) -> Steps:
    """One bad moment after another, in one Blender."""
    return hands.try_each(
        open_sidebar(hands),
        nothing_selected(hands),
        no_quadruped(hands),
        animal_for_the_rest(hands),
        program_missing(hands),
        file_unsaved(hands),
        disk_full(hands),
        undone_while_rendering(hands),
    )


def said_by(hands: Hands, what: Steps) -> Steps:
    """Do something and return what Blender says of it."""
    before = len(messages(hands.area()))
    yield 0.3
    yield from what
    yield 0.3
    said = messages(hands.area())[before:]
    return [line for line in said if not line.startswith("bpy.ops.ui.")]


def nothing_selected(hands: Hands) -> Steps:
    """The button is grey, says why, and does nothing."""
    yield from hands.look_for("pasyn.use_selected", columns=(0.25, 0.6))
    yield 1.5
    hands.picture("nothing_selected")
    said = yield from said_by(hands, hands.press("pasyn.use_selected", columns=(0.25, 0.6)))
    hands.notes["nothing selected"] = {
        "enabled": bpy.ops.pasyn.use_selected.poll(),
        "said": said,
        "animal": bpy.context.scene.pasyn.animal.armature is not None,
    }


def no_quadruped(hands: Hands) -> Steps:
    """A block on one bone is taken, but cannot be mapped."""
    bpy.ops.object.armature_add()
    armature = bpy.context.active_object
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    cube.vertex_groups.new(name="Bone").add(range(8), 1.0, "REPLACE")
    cube.modifiers.new("skin", "ARMATURE").object = armature
    yield 0.5
    yield from hands.press("pasyn.use_selected", columns=(0.25, 0.6))
    said = yield from said_by(hands, mapped(hands))
    hands.picture("no_quadruped")
    animal = bpy.context.scene.pasyn.animal
    hands.notes["no quadruped"] = {"said": said, "map": animal.rig_map, "objects": len(bpy.data.objects)}
    for obj in (cube, armature):
        bpy.data.objects.remove(obj)
    bpy.ops.ed.undo_push(message="empty again")


def mapped(hands: Hands) -> Steps:
    """Click the button, and wait until Blender works at it no longer."""
    yield from hands.press("pasyn.map_animal")
    yield from hands.wait("the end of mapping", lambda: not extension("ui.stepwise_work").at_work())
    yield 0.5


def file_unsaved(hands: Hands) -> Steps:
    """A folder relative to a file that is nowhere yet."""
    bpy.context.scene.pasyn.dataset.output = "//dataset"
    said = yield from said_by(hands, hands.press("pasyn.render_dataset"))
    hands.picture("file_unsaved")
    hands.notes["file unsaved"] = said


def animal_for_the_rest(hands: Hands) -> Steps:
    """An animal, and the Dataset panel alone."""
    bpy.ops.pasyn.import_animal(filepath=RIG)
    dataset = bpy.context.scene.pasyn.dataset
    dataset.images, dataset.resolution, dataset.samples = 4, (64, 64), 1
    dataset.denoise = False
    yield 0.5
    yield from hands.only_panel("Dataset")


def program_missing(hands: Hands) -> Steps:
    """Blender without pasyn beside it."""
    bpy.context.scene.pasyn.dataset.output = "/output/none"
    said = yield from said_by(hands, hands.press("pasyn.render_dataset"))
    hands.picture("program_missing")
    hands.notes["program missing"] = {"said": said, "folder": Path("/output/none").exists()}
    addons = bpy.context.preferences.addons
    (addon,) = (addon for addon in addons if addon.module.endswith("pasyn_blender"))
    addon.preferences.program = PROGRAM


def _run() -> Any:
    """The extension's own record of the run."""
    return extension("ui.background_run").current()


def disk_full(hands: Hands) -> Steps:
    """A folder on a disk with 40 KB left: pictures do not fit on it, a job does."""
    (SMALL / "films").write_bytes(bytes(shutil.disk_usage(SMALL).free - LEFT))
    bpy.context.scene.pasyn.dataset.output = str(SMALL / "dataset")
    said = yield from said_by(hands, hands.press("pasyn.render_dataset"))
    run = _run()
    if run is not None:
        yield from hands.wait("the end of the run", lambda: not run.active, 120.0)
        yield 1.0
    hands.picture("disk_full")
    hands.notes["disk full"] = {
        "said": said + [line for line in messages(hands.area()) if not line.startswith("bpy.ops")],
        "state": None if run is None else run.state,
        "message": "" if run is None else run.message,
    }
    (SMALL / "films").unlink()


def undone_while_rendering(hands: Hands) -> Steps:
    """Undo what was done before the render began, until the animal itself is not there yet."""
    settings = bpy.context.scene.pasyn
    settings.dataset.output = "/output/undone"
    bpy.ops.ed.undo_push(message="folder")
    yield from hands.press("pasyn.render_dataset")
    run = _run()
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.2
    undone = 0
    while bpy.context.scene.pasyn.animal.armature is not None:
        yield from hands.keys("ctrl+z")
        yield 0.4
        undone += 1
        if undone > 12:
            raise NotThereError("an animal that can be undone")
    hands.picture("undone")
    yield from hands.wait("the end of the run", lambda: not run.active, 150.0)
    yield 0.5
    hands.picture("undone_rendered")
    report = Path("/output/undone/annotations/all.json")
    hands.notes["undone while rendering"] = {
        "undone": undone,
        "state": run.state,
        "pictures": len(json.loads(report.read_text())["images"]) if report.is_file() else 0,
    }
    for _ in range(undone):
        yield from hands.keys("ctrl+shift+z")
        yield 0.4
    animal = bpy.context.scene.pasyn.animal
    hands.notes["undone while rendering"]["animal again"] = animal.armature is not None and bool(
        animal.rig_map
    )
