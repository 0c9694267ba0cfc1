"""Where keypoints lie on side views: a rig or a finished dataset against annotated photos.

    python benchmarks/label_placement.py RIG.glb --reference annotations.json
    python benchmarks/label_placement.py DATASET_FOLDER --reference annotations.json
    python benchmarks/label_placement.py zebra --reference annotations.json

A rig is seen from exactly the side without perspective, in its rest pose or in the frame asked for; its box
is the outline of its skin. Of a dataset, the side views of standing animals count. The table is the one of
`pasyn report --reference`. Exit status 1 when an aligned keypoint is off.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.errors import PasynError
from render_jobs.placement import compare, table_text
from render_jobs.placement_views import (
    POINTS,
    SideViews,
    View,
    choose_side_views,
    known_side_view,
    read_views,
    view_of,
    vocabulary_of,
)
from render_jobs.report_data import gather


def view_of_rig(source: str, action: str | None = None, frame: float | None = None) -> View:
    """Side view of a model file or built-in animal, orthographic, at rest or in a frame of an action."""
    import bpy

    from pasyn_blender.rig.actions import apply_action, list_actions
    from pasyn_blender.rig.anchors import keypoint_positions
    from pasyn_blender.rig.extraction import deformed_vertices, posed_bone_matrices
    from render_jobs.animal_source import AnimalSource
    from render_jobs.job import Job

    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = Path(source)
    job = Job(species=path.stem, rig=path) if path.exists() else Job(species=source, animal=source)
    # A map file that is not there: rigs are mapped anew.
    animal = AnimalSource(job, Path("no such map")).load(0)
    rig, geometry, rig_map = animal.rig, animal.geometry, animal.rig_map
    if action is not None:
        start = {found.name: found.start for found in list_actions(rig)}
        if action not in start:
            raise PasynError(f"{source} has no action {action!r}; it has {', '.join(sorted(start))}")
        apply_action(rig, action, start[action] if frame is None else frame)
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    if action is None:
        vertices, bones = geometry.vertices, geometry.bone_matrices
    else:
        vertices, bones = deformed_vertices(rig, depsgraph), posed_bone_matrices(rig, depsgraph)
    points = keypoint_positions(rig_map, AP10K, geometry, vertices, bones)
    skinned = vertices[np.unique(geometry.triangles)]
    # From its left side: the animal faces left, so the picture's x is the body's +Y (backwards), y is down.
    x_axis, y_axis = rig_map.body_frame[1], -rig_map.body_frame[2]
    image = np.stack([points @ x_axis, points @ y_axis, np.isfinite(points).all(axis=1) * 2.0], axis=1)
    outline = np.stack([skinned @ x_axis, skinned @ y_axis], axis=1)
    low, high = outline.min(axis=0), outline.max(axis=0)
    names = AP10K.keypoints
    return view_of(image, np.array([*low, *(high - low)]), names, vocabulary_of(names, source), True)


def views_of_dataset(folder: Path, walking: bool) -> SideViews:
    """Standing side views of a finished dataset."""
    data = gather(folder)
    vocabulary = vocabulary_of(data.keypoint_names, str(folder))
    views = [
        view_of(p.keypoints, np.asarray(p.box), data.keypoint_names, vocabulary, known_side_view(p.camera))
        for p in data.pictures
        if p.box is not None
    ]
    return choose_side_views(views, walking=walking)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", help="model file, dataset folder, or name of a built-in animal")
    parser.add_argument("--reference", type=Path, required=True, help="COCO file of annotated photos")
    parser.add_argument("--action", help="pose a rig by its action instead of its rest pose")
    parser.add_argument("--frame", type=float, help="frame of the action; its first by default")
    arguments = parser.parse_args()
    try:
        views, renamed = read_views(arguments.reference)
        photos = choose_side_views(views, renamed)
        if Path(arguments.source).is_dir():
            synthetic = views_of_dataset(Path(arguments.source), photos.walking)
        else:
            # One rig in one pose is taken as it is: whether it stands is for its user to say.
            view = view_of_rig(arguments.source, arguments.action, arguments.frame)
            synthetic = SideViews((view,), 1, False, frozenset())
        comparison = compare(photos, synthetic)
    except PasynError as error:
        print(error, file=sys.stderr)
        return 2
    print(table_text(comparison))
    judged = np.array([point not in renamed for point in POINTS])
    return int(not comparison.fits[judged].all())


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Blender's module may hang at exit.
    os._exit(status)
