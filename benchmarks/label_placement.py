"""Where keypoints lie on side views: a rig or a finished dataset against annotated photos.

    python benchmarks/label_placement.py RIG.glb --reference annotations.json
    python benchmarks/label_placement.py DATASET_FOLDER --reference annotations.json
    python benchmarks/label_placement.py zebra --reference annotations.json

A rig is seen from the side, in its rest pose or in the frame asked for, from as near and as high as the
photos were taken: the camera for which its nearer feet and joints appear as much lower than the others as on
the photos. `--far` looks without perspective instead. Its box is the outline of its skin. Of a dataset, the
side views of standing animals count. The table is the one of `pasyn report --reference`. Exit status 1 when a
matched keypoint of trunk or legs is off.
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
    FloatArray,
    SideViews,
    View,
    choose_side_views,
    known_side_view,
    read_views,
    view_of,
    vocabulary_of,
)
from render_jobs.report_data import gather


def view_of_rig(
    source: str, action: str | None = None, frame: float | None = None, photos: SideViews | None = None
) -> View:
    """Side view of a model file or built-in animal, at rest or in a frame of an action.

    Parameters
    ----------
    source
        File or species.
    action, frame
        Pose; the rest pose by default, an action's first frame by default.
    photos
        Look from where these were taken; without, from infinitely far.
    """
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
    points = keypoint_positions(rig_map, AP10K, geometry, vertices, bones) @ rig_map.body_frame.T
    skin = vertices[np.unique(geometry.triangles)] @ rig_map.body_frame.T
    middle = (skin.min(axis=0) + skin.max(axis=0)) / 2
    points, skin = points - middle, skin - middle
    if photos is None:
        return _seen(points, skin, None)
    return min(
        (_seen(points, skin, (distance, height)) for distance in _DISTANCES for height in _HEIGHTS),
        key=lambda view: float(((SideViews((view,), 1, False).drop - photos.drop) ** 2).sum()),
    )


# Cameras that are tried, in heights of the animal (feet to tail root): from its midplane, and above its feet.
_DISTANCES = np.geomspace(1.1, 12, 40)
_HEIGHTS = np.linspace(0.2, 1.4, 25)


def _seen(points: FloatArray, skin: FloatArray, camera: tuple[float, float] | None) -> View:
    """From its left, level and square: it faces left, so x is the body's +Y (backwards); y is down."""
    names = AP10K.keypoints
    if camera is None:
        flat, outline = points[:, 1:] * (1, -1), skin[:, 1:] * (1, -1)
    else:
        feet = points[
            [names.index(f"{side}_{paw}") for side in ("left", "right") for paw in ("front_paw", "back_paw")],
            2,
        ]
        tall = points[names.index("root_of_tail"), 2] - feet.mean()
        distance, level = camera[0] * tall, feet.mean() + camera[1] * tall

        def project(places: FloatArray) -> FloatArray:
            nearer = distance / (distance - places[:, :1])
            return (places[:, 1:] - (0, level)) * (1, -1) * nearer

        flat, outline = project(points), project(skin)
    image = np.concatenate([flat, np.isfinite(points).all(axis=1, keepdims=True) * 2.0], axis=1)
    low, high = outline.min(axis=0), outline.max(axis=0)
    return view_of(image, np.array([*low, *(high - low)]), names, vocabulary_of(names, "the rig"), True)


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
    parser.add_argument("--far", action="store_true", help="look at a rig without perspective")
    parser.add_argument("--frame", type=float, help="frame of the action; its first by default")
    arguments = parser.parse_args()
    try:
        photos = choose_side_views(*read_views(arguments.reference))
        if Path(arguments.source).is_dir():
            synthetic = views_of_dataset(Path(arguments.source), photos.walking)
        else:
            # One rig in one pose is taken as it is: whether it stands is for its user to say.
            view = view_of_rig(
                arguments.source, arguments.action, arguments.frame, None if arguments.far else photos
            )
            synthetic = SideViews((view,), 1, False)
        comparison = compare(photos, synthetic)
    except PasynError as error:
        print(error, file=sys.stderr)
        return 2
    print(table_text(comparison))
    return int(not comparison.fits[comparison.judged].all())


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Blender's module may hang at exit.
    os._exit(status)
