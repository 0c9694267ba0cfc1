"""``pasyn rig``: what is found in a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pasyn_blender.errors import PasynError

app = typer.Typer(
    help="Look at rigged models.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)


@app.callback()
def _group() -> None:
    # A group of one command would otherwise be that command.
    pass


@app.command("map")
def map_rig(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Model: .blend .glb .gltf .fbx.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="YAML to write; by default <name>.rig_map.yaml.", metavar="YAML"),
    ] = None,
    edited: Annotated[
        Path | None, typer.Option("--map", help="Draw this map as it is, and write no other.", metavar="YAML")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Picture to write; by default beside the YAML.", metavar="PNG")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a map that is there, with what was edited in it.")
    ] = False,
) -> None:
    """Find the joints and keypoints of a model.

    Writes them as YAML and draws them. Correct the YAML by hand where a joint or keypoint sits wrong, draw
    it again with --map, and name it in the job as rig_map.
    """
    from .rig_command import draw_map, map_file

    if edited is None:
        mapped = map_file(file, output, picture, overwrite=overwrite)
    elif output is not None or overwrite:
        raise PasynError("--map draws a map and writes none: leave out --output and --overwrite")
    else:
        mapped = draw_map(file, edited, picture)
    for note in mapped.notes:
        print(f"note: {note}")
    found = mapped.rig_map
    if found.missing:
        print(f"not in this rig: {', '.join(found.missing)} (fine unless the animal has them: then add them)")
    print(f"found {len(found.joints)} joints and {len(found.keypoints)} keypoints")
    print(f"rig map: {mapped.map_path}")
    print(f"picture: {mapped.picture_path}")
    print(f"actions: {', '.join(mapped.actions) or 'none; pasyn run poses by actions, so it needs one'}")
