"""Bring a model file into the open Blender scene as data, without running anything of it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..errors import RigError
from .file_checks import check_model_file

_BLOCK_TYPES = (
    "objects", "meshes", "armatures", "actions", "materials", "images", "node_groups", "shape_keys",
    "collections", "cameras", "lights", "worlds", "curves", "lattices", "metaballs", "texts", "scenes",
    "textures", "grease_pencils", "speakers", "particles", "volumes", "hair_curves", "pointclouds",
    "masks", "movieclips", "sounds", "linestyles", "brushes", "palettes", "cache_files", "fonts",
    "lightprobes", "libraries", "paint_curves", "workspaces", "screens",
)  # fmt: skip


@dataclass(frozen=True)
class ImportedFile:
    """What a file brought.

    Attributes
    ----------
    objects
        All its objects.
    hidden
        Those that its author keeps out of renders, by the object or by its collections.
    actions
        All its actions.
    blocks
        Every datablock that is new, objects and actions included.
    notes
        What was left out or changed while reading.
    rate
        Frames a second that its actions are meant in; ``None`` for the open scene's.
    """

    objects: tuple[Any, ...]
    hidden: frozenset[Any]
    actions: tuple[Any, ...]
    blocks: tuple[Any, ...]
    notes: tuple[str, ...] = ()
    rate: float | None = None


def import_file(path: Path) -> ImportedFile:
    """Read a model file into the open file; objects are not yet in the scene for .blend files.

    Nothing that was there before is changed: selection, frame and frame rate are put back.

    Raises
    ------
    RigError
        When the file cannot be read; whatever part of it had been read is removed again.
    """
    kind = check_model_file(path)
    before = all_blocks()
    try:
        with _scene_settings_kept(), _quiet() as noise:
            try:
                _READERS[kind](path)
            except RigError:
                raise
            except Exception as error:
                # Importers fail on damaged files with anything from KeyError to struct.error.
                raise RigError(_failure(path, f"{error}\n{noise.getvalue()}")) from None
            rate = _frame_rate(new_blocks(before))
            # Before anything is evaluated.
            notes = _strip_code(new_blocks(before))
        blocks = new_blocks(before)
        hidden = _hidden_objects(blocks)
        remove_blocks(block for block in blocks if isinstance(block, bpy.types.Scene))
        blocks = new_blocks(before)
        objects = tuple(block for block in blocks if isinstance(block, bpy.types.Object))
        if not objects:
            raise RigError(f"{path.name} holds no objects")
        return ImportedFile(
            objects=objects,
            hidden=frozenset(obj for obj in objects if obj in hidden),
            actions=tuple(block for block in blocks if isinstance(block, bpy.types.Action)),
            blocks=blocks,
            rate=rate,
            notes=tuple(notes),
        )
    except BaseException:
        remove_blocks(new_blocks(before))
        raise


def remove_blocks(blocks: Iterable[Any]) -> None:
    """Delete datablocks from the open file."""
    bpy.data.batch_remove(ids=list(blocks))


def remove_unused(before: set[int], keep: Iterable[Any]) -> None:
    """Delete what came after ``before``, is neither in ``keep`` nor used by it."""
    kept = set(keep)
    remove_blocks(
        block
        for block in new_blocks(before)
        if isinstance(block, bpy.types.Object | bpy.types.Collection) and block not in kept
    )
    while True:
        unused = [
            block
            for block in new_blocks(before)
            if block not in kept
            and not isinstance(block, bpy.types.Library)
            and block.users - int(block.use_fake_user) <= 0
        ]
        if not unused:
            return
        remove_blocks(unused)


def all_blocks() -> set[int]:
    """Session identifiers of every datablock of the open file."""
    return {block.session_uid for _, block in _walk()}


def new_blocks(before: set[int]) -> tuple[Any, ...]:
    """Datablocks that have come since :func:`all_blocks` was called."""
    return tuple(block for _, block in _walk() if block.session_uid not in before)


def _walk() -> Iterator[tuple[str, Any]]:
    for name in _BLOCK_TYPES:
        for block in getattr(bpy.data, name, ()):
            yield name, block


def _enable(module: str) -> None:
    """Switch an importer on; factory settings of some builds leave it off."""
    import addon_utils  # Blender's own module, found only once bpy is there

    _, loaded = addon_utils.check(module)
    if not loaded:
        addon_utils.enable(module)


def _import_gltf(path: Path) -> None:
    _enable("io_scene_gltf2")
    options: dict[str, Any] = {}
    known = bpy.ops.import_scene.gltf.get_rna_type().properties
    if "disable_bone_shape" in known:
        options["disable_bone_shape"] = True
    if "import_scene_extras" in known:
        options["import_scene_extras"] = False
    bpy.ops.import_scene.gltf(filepath=str(path), **options)


def _import_fbx(path: Path) -> None:
    _enable("io_scene_fbx")
    if hasattr(bpy.types, "IMPORT_SCENE_OT_fbx"):
        bpy.ops.import_scene.fbx(filepath=str(path), use_custom_props=False)
    else:
        _import_fbx_text(path)


def _import_fbx_text(path: Path) -> None:
    """Read an FBX file with Blender's own reader, which also knows the text form."""
    if "fbx_import" not in dir(bpy.ops.wm):
        raise RigError(f"{path.name} is an FBX file in text form; save it as binary FBX")
    bpy.ops.wm.fbx_import(filepath=str(path))


def _import_blend(path: Path) -> None:
    # Appending, unlike opening, runs no script and no handler of the file. Scenes come along only to
    # tell what their author had switched off.
    with bpy.data.libraries.load(str(path), link=False) as (source, target):
        target.scenes = source.scenes
        target.objects = source.objects
        target.actions = source.actions


_READERS: dict[str, Callable[[Path], None]] = {
    "blend": _import_blend,
    "gltf": _import_gltf,
    "fbx": _import_fbx,
    "fbx-text": _import_fbx_text,
}


def _hidden_objects(blocks: tuple[Any, ...]) -> set[Any]:
    """Objects that no scene of the file renders."""
    scenes = [block for block in blocks if isinstance(block, bpy.types.Scene)]
    objects = [block for block in blocks if isinstance(block, bpy.types.Object)]
    hidden = {obj for obj in objects if obj.hide_render}
    if not scenes:
        return hidden
    rendered: set[Any] = set()
    for scene in scenes:
        for layer in scene.view_layers:
            waiting = [layer.layer_collection]
            while waiting:
                entry = waiting.pop()
                if entry.collection.hide_render:
                    continue
                if not entry.exclude:
                    rendered.update(entry.collection.objects)
                waiting.extend(entry.children)
    return hidden | {obj for obj in objects if obj not in rendered}


def _frame_rate(blocks: tuple[Any, ...]) -> float:
    """Frames a second of the file's own scene, or of the open one, which importers set to the file's."""
    scenes = [block for block in blocks if isinstance(block, bpy.types.Scene)]
    render = (scenes[0] if scenes else bpy.context.scene).render
    return float(render.fps / render.fps_base)


def _strip_code(blocks: tuple[Any, ...]) -> list[str]:
    """Remove everything of a file that Blender could execute: scripts, and drivers that need Python."""
    notes = []
    texts = [block for block in blocks if isinstance(block, bpy.types.Text)]
    if texts:
        notes.append(f"left out scripts: {', '.join(sorted(text.name for text in texts))}")
        remove_blocks(texts)
    drivers = 0
    for block in blocks:
        if isinstance(block, bpy.types.Text):
            continue
        for owner in (block, getattr(block, "node_tree", None)):
            animation = getattr(owner, "animation_data", None)
            if animation is None:
                continue
            for curve in list(animation.drivers):
                driver = curve.driver
                if driver.type == "SCRIPTED" and not driver.is_simple_expression:
                    animation.drivers.remove(curve)
                    drivers += 1
    if drivers:
        notes.append(f"left out {drivers} drivers that are Python code")
    return notes


@contextlib.contextmanager
def _scene_settings_kept() -> Iterator[None]:
    """Import with fixed frame and frame rate, so that a rig is the same wherever it is imported into."""
    scene = bpy.context.scene
    render = scene.render
    kept = (render.fps, render.fps_base, scene.frame_start, scene.frame_end)
    frame, subframe = scene.frame_current, scene.frame_subframe
    layer = bpy.context.view_layer
    selected, active = [obj for obj in layer.objects if obj.select_get()], layer.objects.active
    mode = bpy.context.mode
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    render.fps, render.fps_base = 24, 1.0
    scene.frame_current = 1
    try:
        yield
    finally:
        render.fps, render.fps_base, scene.frame_start, scene.frame_end = kept
        scene.frame_set(frame, subframe=subframe)
        for obj in layer.objects:
            obj.select_set(obj in selected)
        layer.objects.active = active


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep what importers and Blender itself print off the terminal; yields what they said."""
    said = io.StringIO()
    logging_before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = []
    with tempfile.TemporaryFile() as sink:
        try:
            for descriptor in (1, 2):
                try:
                    copy = os.dup(descriptor)
                except OSError:
                    continue  # a Blender started without a console has none to keep clean
                saved.append((descriptor, copy))
                os.dup2(sink.fileno(), descriptor)
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                    yield said
            finally:
                if sys.__stdout__ is not None:
                    sys.__stdout__.flush()
        finally:
            for descriptor, copy in saved:
                os.dup2(copy, descriptor)
                os.close(copy)
            logging.disable(logging_before)


def _failure(path: Path, report: str) -> str:
    """One sentence out of an importer's report, which may be a whole traceback."""
    lines = [line.strip().removeprefix("Error: ").removeprefix("Python: ") for line in report.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("File ", "Traceback", "Location:"))]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning)\b|.*(failed|Bad )", line)]
    reason = (errors or lines or ["no reason given"])[-1].replace(str(path), path.name)
    return f"{path.name} cannot be read: it is cut short, damaged or not a model ({reason[:160]})"
