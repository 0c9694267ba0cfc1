"""Milliseconds that the keypoints over the viewport cost a redraw, while the animal moves.

    python benchmarks/overlay_redraw.py [--vertices 15000] [--poses 60]
    blender --python benchmarks/overlay_redraw.py -- [--vertices 15000] [--poses 60]

A built-in horse, brought to about so many vertices, takes a new pose before each redraw. With the bpy module,
without a window, the parts are timed that do not need one; beside them what Blender itself takes to evaluate
the pose, in the same run. In a Blender with a window whole redraws of it are timed, with the keypoints and
without, in turns, and what the overlay's own code takes of them: by the clock, and in processor time of
Blender's main thread, which leaves out others at work on the machine and a graphics card that is only
imitated. Medians; 33 ms are 30 pictures a second.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SIZE = (1280, 720)


def horse(vertices: int) -> Any:
    """A built-in horse of about so many vertices, in an empty scene; returns its armature."""
    from pasyn_blender.animals.build import build_animal

    rig = build_animal("horse", 0, motions=False)
    body = max(rig.meshes, key=lambda obj: len(obj.data.vertices))
    others = sum(len(obj.data.vertices) for obj in rig.meshes) - len(body.data.vertices)
    for modifier in body.modifiers:
        modifier.show_viewport = False
    while len(body.data.vertices) + others < vertices:
        _bake(body, "SUBSURF", levels=1, subdivision_type="SIMPLE")
    _bake(body, "DECIMATE", ratio=min((vertices - others) / len(body.data.vertices), 1.0), use_symmetry=True)
    for modifier in body.modifiers:
        modifier.show_viewport = True
    for bone in rig.armature.pose.bones:
        bone.rotation_mode = "XYZ"
    bpy.context.view_layer.update()
    return rig.armature


def _bake(obj: Any, kind: str, **settings: Any) -> None:
    modifier = obj.modifiers.new("resolution", kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    with bpy.context.temp_override(object=obj, active_object=obj):
        bpy.ops.object.modifier_move_to_index(modifier=modifier.name, index=0)
        bpy.ops.object.modifier_apply(modifier=modifier.name)


def poses(armature: Any, count: int) -> Iterator[int]:
    """Put the animal into one pose after another."""
    random = np.random.default_rng(np.random.SeedSequence(0))
    for number in range(count):
        turns = random.normal(0.0, 0.08, (len(armature.pose.bones), 3))
        for bone, turn in zip(armature.pose.bones, turns, strict=True):
            bone.rotation_euler = turn
        yield number


def without_window(armature: Any, count: int) -> None:
    """Time each part in turn."""
    from pasyn_blender.annotation.visibility import visibility
    from pasyn_blender.ui import live_map
    from pasyn_blender.ui.live_rig import read_pose
    from pasyn_blender.ui.properties.keypoints import chosen_set
    from pasyn_blender.ui.screen import (
        along_links,
        links_on_screen,
        place_labels,
        ring_triangles,
        screen_positions,
    )
    from pasyn_blender.ui.sight import Skin, seen, view_camera

    context = bpy.context
    live, rig_map = live_map.current(context.scene), live_map.current_map(context.scene)
    keypoint_set = chosen_set(context.scene)
    text = context.scene.pasyn.animal.rig_map
    parts = live.parts(rig_map, keypoint_set, wait=True)
    surface = np.array([name in keypoint_set.surface for name in keypoint_set.keypoints])
    centre, trunk = live.geometry.vertices.mean(axis=0), rig_map.trunk_length
    view = np.eye(4)
    view[:3, :3] = np.array([[0.8, -0.6, 0.0], [0.15, 0.2, 0.968], [-0.581, -0.775, 0.25]])
    view[:3, 3] = -view[:3, :3] @ centre - (0.0, 0.0, 3.5 * trunk)
    lens = np.array([[1.4, 0, 0, 0], [0, 1.4 * SIZE[0] / SIZE[1], 0, 0], [0, 0, -1, -0.2], [0, 0, -1, 0]])
    perspective = lens @ view
    camera = view_camera(view, True, centre, trunk)
    frame = (0.0, 0.0, *map(float, SIZE))
    sizes = np.tile([70.0, 11.0], (len(keypoint_set.keypoints), 1))
    times: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        # Time of the processor: others may be at work on this machine.
        start = time.process_time()
        result = work()
        times.setdefault(name, []).append(time.process_time() - start)
        return result

    for _ in poses(armature, count):
        timed("Blender: evaluate the pose", context.view_layer.update)
        live_map.mark_moved()
        timed("read vertices and bones", lambda: live.pose(read_pose(live, context)))
        points = timed("keypoints", lambda: live.places(text, keypoint_set))
        places, _ = timed("project", lambda p=points: screen_positions(p, perspective, *SIZE))
        skin = Skin(live.posed.vertices, live.geometry.triangles, live.columns, parts, surface, trunk)
        judged = timed("visibility", lambda p=points, q=places, s=skin: seen(p, q, frame, s, camera))
        labels = timed(
            "(the labels' own visibility)",
            lambda p=points, q=places: visibility(
                q, p, surface, parts, live.posed.vertices, live.geometry.triangles, camera, SIZE, trunk
            ),
        )
        if not np.array_equal(judged, labels):
            raise SystemExit("the overlay and the labels disagree")

        def lay_out(places: Any = places) -> None:
            links = links_on_screen(places, keypoint_set.skeleton)
            place_labels(places, sizes, 10.0, along_links(places, links, 6.0))
            twice = np.repeat(places, 2, axis=0)
            ring_triangles(twice, -np.ones(len(twice)), np.full(len(twice), 6.0), np.ones((len(twice), 4)))

        timed("marks, links and names", lay_out)
    counts = len(live.geometry.vertices), len(live.geometry.triangles)
    print(f"{counts[0]} vertices, {counts[1]} triangles; ms of processor time")
    own = 0.0
    for name, values in times.items():
        median = 1000 * statistics.median(values)
        own += 0.0 if name.startswith(("Blender", "(")) else median
        print(f"  {name:32}{median:7.2f}")
    blender = 1000 * statistics.median(times["Blender: evaluate the pose"])
    print(f"  {'overlay, all its parts':32}{own:7.2f}   {own / blender:.1f} times Blender's own evaluation")


def in_window(armature: Any, count: int) -> Iterator[float]:
    """Time whole redraws; yields the seconds that Blender gets in between."""
    from pasyn_blender.ui import live_map, overlay

    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    region = next(region for region in area.regions if region.type == "WINDOW")
    inside: list[np.ndarray] = []
    drawn = overlay._draw

    def watched() -> None:
        start = _now()
        drawn()
        inside.append(_now() - start)

    handle = bpy.types.SpaceView3D.draw_handler_add(watched, (), "WINDOW", "POST_PIXEL")
    # Its place is taken by one that looks at the clock.
    bpy.types.SpaceView3D.draw_handler_remove(overlay._handles.pop(), "WINDOW")
    settings = bpy.context.scene.pasyn.keypoints
    with bpy.context.temp_override(window=window, area=area, region=region):
        for obj in bpy.context.selected_objects:
            obj.select_set(False)
        armature.hide_set(True)
        bpy.ops.view3d.view_axis(type="LEFT")
        bpy.ops.view3d.view_all()
    yield 2.0
    live = live_map.current(bpy.context.scene)
    live.parts(live_map.current_map(bpy.context.scene), live_map.KEYPOINTS, wait=True)
    wholes: dict[bool, list[np.ndarray]] = {True: [], False: []}
    own: list[np.ndarray] = []
    for number in poses(armature, 2 * count + 4):
        shown = number % 2 == 0
        settings.show_overlay = shown
        bpy.context.view_layer.update()
        inside.clear()
        start = _now()
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.wm.redraw_timer(type="DRAW", iterations=1)
        if number >= 4:
            wholes[shown].append(_now() - start)
            if shown:
                own.append(np.sum(inside, axis=0))
        if number % 8 == 7:
            yield 0.01
    bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
    overlay._handles.append(bpy.types.SpaceView3D.draw_handler_add(drawn, (), "WINDOW", "POST_PIXEL"))
    settings.show_overlay = True
    with_it, without, part = (1000 * np.median(v, axis=0) for v in (wholes[True], wholes[False], own))
    print(f"{len(live.geometry.vertices)} vertices, {region.width} x {region.height} pixels; ms a redraw")
    print(f"  {'':20}{'clock':>9}{'processor':>11}")
    for name, (clock, processor) in (
        ("without keypoints", without),
        ("with keypoints", with_it),
        ("in the overlay", part),
    ):
        print(f"  {name:20}{clock:9.1f}{processor:11.1f}")
    ratio = with_it / without
    print(f"  {'with / without':20}{ratio[0]:9.2f}{ratio[1]:11.2f}", flush=True)


def _now() -> np.ndarray:
    """Clock, and processor time of this thread, in seconds."""
    return np.array([time.perf_counter(), time.thread_time()])


def begin(vertices: int) -> Any:
    """Start the extension's interface from the repository, and map the horse."""
    import pasyn_blender.ui as ui

    if not hasattr(bpy.types.Scene, "pasyn"):
        ui.register()
    from pasyn_blender.ui import live_map

    for obj in tuple(bpy.data.objects):
        bpy.data.objects.remove(obj)
    armature = horse(vertices)
    bpy.context.scene.pasyn.animal.armature = armature
    live_map.map_animal(bpy.context)
    return armature


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vertices", type=int, default=15000)
    parser.add_argument("--poses", type=int, default=60)
    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    options = parser.parse_args(given if bpy.app.background or "--" in sys.argv else [])
    if bpy.app.background:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        without_window(begin(options.vertices), options.poses)
        sys.stdout.flush()
        os._exit(0)
    bpy.context.preferences.view.show_splash = False
    work: Iterator[float] | None = None

    def go_on() -> float | None:
        nonlocal work
        if work is None:
            work = in_window(begin(options.vertices), options.poses)
        pause = next(work, None)
        if pause is None:
            bpy.ops.wm.quit_blender()
        return pause

    bpy.app.timers.register(go_on, first_interval=1.0)


if __name__ == "__main__":
    main()
