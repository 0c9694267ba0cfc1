"""Take the pictures of the panel that the documentation shows, from a real Blender window.

``python3 docs/make_screenshots.py --extension dist/pasyn_blender-0.1.0.zip --rig Horse.glb``

Needs ``blender`` (4.2 or later), ``Xvfb`` and ImageMagick's ``import`` and ``convert`` on the PATH; nothing
of the person's own Blender is read or changed. The same file is the outer program, which opens a virtual
screen and installs the extension, and the script that Blender runs in its window.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCREEN = (1280, 840)


def outside() -> int:
    """Open a virtual screen, install the extension into an empty Blender, and start it with this script."""
    import argparse

    parser = argparse.ArgumentParser(description="Take the documentation's pictures of the panel.")
    parser.add_argument("--extension", type=Path, required=True, help="archive built by build_extension.py")
    parser.add_argument("--rig", type=Path, required=True, help="animal to show")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("panel.png"))
    arguments = parser.parse_args()
    for program in ("blender", "Xvfb", "import", "convert"):
        if shutil.which(program) is None:
            print(f"error: {program} is not installed", file=sys.stderr)
            return 2
    with tempfile.TemporaryDirectory(prefix="pasyn-window-") as home:
        environment = {
            **os.environ,
            "BLENDER_USER_RESOURCES": home,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "XDG_RUNTIME_DIR": home,
        }
        install = ["blender", "--command", "extension", "install-file", "--repo", "user_default", "--enable"]
        subprocess.run(
            [*install, str(arguments.extension.resolve())], env=environment, check=True, timeout=120
        )
        reading, writing = os.pipe()
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"], pass_fds=[writing]
        )
        os.close(writing)
        try:
            environment["DISPLAY"] = f":{os.read(reading, 16).decode().strip()}"
            window = ["blender", "--window-geometry", "0", "0", *map(str, SCREEN), "--python", __file__, "--"]
            inside_arguments = [str(arguments.rig.resolve()), str(arguments.output.resolve())]
            done = subprocess.run([*window, *inside_arguments], env=environment, check=False, timeout=300)
        finally:
            os.close(reading)
            screen.terminate()
            screen.wait(10)
    if done.returncode == 0 and arguments.output.is_file():
        print(arguments.output)
        return 0
    return 1


def steps(rig: Path, output: Path) -> Iterator[float]:
    """Work through the panel like a person; yields the seconds to wait for the window to catch up."""
    import bpy
    from mathutils import Euler

    area = next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")
    with bpy.context.temp_override(area=area):
        bpy.ops.screen.screen_full_area(use_hide_panels=False)
    yield 0.5
    area = next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")
    space = area.spaces.active
    space.show_region_ui = True
    yield 0.5
    for region in area.regions:
        if region.type == "UI":
            region.active_panel_category = "PASyn"
    for obj in tuple(bpy.data.objects):
        bpy.data.objects.remove(obj)
    bpy.ops.pasyn.import_animal(filepath=str(rig))
    yield 0.5
    scene: Any = bpy.context.scene
    walk = next((action for action in bpy.data.actions if "walk" in action.name.lower()), None)
    if walk is not None:
        armature = scene.pasyn.armature
        armature.animation_data_create().action = walk
        if getattr(walk, "slots", None):
            armature.animation_data.action_slot = walk.slots[0]
        scene.frame_set(int(walk.frame_range[0]) + 5)
    # The picture is about the keypoints.
    scene.pasyn.armature.hide_set(True)
    space.overlay.show_cursor = False
    space.shading.type = "SOLID"
    space.shading.color_type = "MATERIAL"
    region = next(region for region in area.regions if region.type == "WINDOW")
    view = space.region_3d
    view.view_rotation = Euler((1.32, 0.0, 0.85)).to_quaternion()
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj.type == "MESH")
    with bpy.context.temp_override(area=area, region=region):
        bpy.ops.view3d.view_selected()
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    yield 1.5
    view.view_distance *= 0.98
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=2)
    yield 1.0
    raw = output.with_suffix(".raw.png")
    subprocess.run(["import", "-window", "root", str(raw)], check=True, timeout=60)
    shrink = ["-strip", "-define", "png:compression-level=9", f"png24:{output}"]
    subprocess.run(["convert", str(raw), *shrink], check=True, timeout=60)
    raw.unlink()


def inside(rig: Path, output: Path) -> None:
    """Run the steps between Blender's own redraws, then close it."""
    import traceback

    import bpy

    # Before the first redraw: the splash screen would stand over everything.
    bpy.context.preferences.view.show_splash = False
    work = steps(rig, output)
    deadline = time.monotonic() + 240

    def go_on() -> float | None:
        try:
            if time.monotonic() > deadline:
                raise TimeoutError("the window took too long")
            return next(work)
        except StopIteration:
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    bpy.app.timers.register(go_on, first_interval=1.0)


if __name__ == "__main__":
    if "--" in sys.argv:
        rig_argument, output_argument = sys.argv[sys.argv.index("--") + 1 :]
        inside(Path(rig_argument), Path(output_argument))
    else:
        sys.exit(outside())
