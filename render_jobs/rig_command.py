"""``pasyn rig map``: map a model file, write the map, draw it; or draw a map that was edited."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pasyn_blender.anatomy.keypoint_sets import EVERY_LANDMARK
from pasyn_blender.errors import OutputError
from pasyn_blender.rig.rig_map import RigMap

if TYPE_CHECKING:
    from pasyn_blender.rig.geometry import RigGeometry
    from pasyn_blender.rig.loaded_rig import LoadedRig


@dataclass(frozen=True)
class MappedFile:
    """What mapping a file gave.

    Attributes
    ----------
    rig_map
        The map.
    map_path, picture_path
        The map's file and its picture.
    actions
        Names of the rig's actions.
    notes
        What the import changed or left out, in sentences.
    """

    rig_map: RigMap
    map_path: Path
    picture_path: Path
    actions: tuple[str, ...]
    notes: tuple[str, ...]


def map_file(
    rig: Path, output: Path | None = None, picture: Path | None = None, *, overwrite: bool = False
) -> MappedFile:
    """Import a model into an empty Blender scene, map it, and write map and picture.

    Parameters
    ----------
    rig
        .blend, .glb, .gltf or .fbx file.
    output
        YAML to write; by default ``<name>.rig_map.yaml`` in the current folder.
    picture
        PNG to write; by default beside the YAML.
    overwrite
        Replace a map that is there and differs: it may have been edited by hand.

    Raises
    ------
    PasynError
        Where the file is no rigged quadruped, or a file cannot be written, has another kind of file's name,
        or would replace a map that differs.
    """
    map_path = output or Path(f"{rig.stem}.rig_map.yaml")
    picture_path = picture or map_path.with_suffix(".png")
    _refuse_suffix(map_path, "the map", (".yaml", ".yml"))
    _refuse_suffix(picture_path, "the picture", (".png",))
    loaded, geometry = _load(rig)

    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.rig_map_file import rig_map_text

    from .layout import write_atomically

    rig_map = map_loaded_rig(loaded, geometry)
    text = rig_map_text(rig_map).encode()
    if not overwrite and map_path.is_file() and map_path.read_bytes() != text:
        raise OutputError(
            f"{map_path} is there and differs from this map, perhaps because it was edited by hand; "
            "choose another --output, or replace it with --overwrite"
        )
    write_atomically(map_path, text)
    return _drawn(loaded, geometry, rig_map, map_path, picture_path)


def draw_map(rig: Path, edited: Path, picture: Path | None = None) -> MappedFile:
    """Draw a map that is there, as it is; nothing but the picture is written.

    Parameters
    ----------
    rig
        .blend, .glb, .gltf or .fbx file.
    edited
        Its map, for example corrected by hand.
    picture
        PNG to write; by default beside the map.

    Raises
    ------
    PasynError
        Where a file cannot be read, the map does not fit the rig, or the picture cannot be written.
    """
    picture_path = picture or edited.with_suffix(".png")
    _refuse_suffix(picture_path, "the picture", (".png",))
    loaded, geometry = _load(rig)

    from pasyn_blender.rig.rig_map_file import read_rig_map

    return _drawn(loaded, geometry, read_rig_map(edited, geometry), edited, picture_path)


def _refuse_suffix(path: Path, what: str, suffixes: tuple[str, ...]) -> None:
    # Also keeps a mistyped option from replacing the model, or the map the picture.
    if path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: {what} is written as {suffixes[0]}; give it a name that ends so")


def _load(rig: Path) -> tuple[LoadedRig, RigGeometry]:
    import bpy

    from pasyn_blender.rig.loading import load_rig, read_geometry

    bpy.ops.wm.read_factory_settings(use_empty=True)
    loaded = load_rig(rig)
    return loaded, read_geometry(loaded)


def _drawn(
    loaded: LoadedRig, geometry: RigGeometry, rig_map: RigMap, map_path: Path, picture_path: Path
) -> MappedFile:
    from pasyn_blender.rig.loading import list_actions

    from .layout import write_atomically
    from .rig_picture import rig_picture

    write_atomically(picture_path, rig_picture(geometry, rig_map, EVERY_LANDMARK))
    actions = tuple(action.name for action in list_actions(loaded))
    return MappedFile(rig_map, map_path, picture_path, actions, loaded.notes)
