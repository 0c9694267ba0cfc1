"""A shot in the artist's scene: camera, sun, world and background, all in a collection that can be removed.

The scene's own camera, world and resolution are remembered when the first shot is shown, and given back when
all is removed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..errors import OutputError
from ..scene.camera import create_camera
from ..scene.lighting import Lighting, create_lighting
from ..scene.sky import SkyLight

COLLECTION = "PASyn"
MARK = "pasyn"
"""Custom property on everything PASyn has added to a file, and on nothing else."""

_skies: dict[Path, SkyLight] = {}
"""Light of the worlds that were shown; judging one takes as long as a blink."""

_free_views: dict[int, dict[str, Any]] = {}
"""How viewports looked before they looked through the shot's camera, by region."""


def show_stage(context: bpy.types.Context, size: tuple[int, int]) -> tuple[Any, Lighting]:
    """Give a scene a camera, a sun and a world of PASyn's, in place of an earlier shot's.

    Parameters
    ----------
    context
        Its scene.
    size
        (width, height) of the pictures, which the scene's resolution becomes.

    Returns
    -------
    The camera object, and the handles of the light.
    """
    scene = context.scene
    before = scene.pasyn.shots.before
    if not before.taken:
        _remember(scene, before)
    worlds = _world_images(scene)
    _remove_added(scene, keep=tuple(worlds.values()))
    collection = bpy.data.collections.new(COLLECTION)
    collection[MARK] = True
    scene.collection.children.link(collection)
    camera = create_camera(scene)
    lighting = create_lighting(scene)
    lighting.images.update(worlds)
    lighting.skies.update(_skies)
    for obj in (camera, lighting.sun):
        scene.collection.objects.unlink(obj)
        collection.objects.link(obj)
    for block in (camera, camera.data, lighting.sun, lighting.sun.data, scene.world):
        block[MARK] = True
    render = scene.render
    render.resolution_x, render.resolution_y = size
    render.pixel_aspect_x = render.pixel_aspect_y = 1.0
    return camera, lighting


def settle_images(lighting: Lighting) -> None:
    """Keep the picture of the world that is shown, and what was found out of all; other pictures go."""
    _skies.update(lighting.skies)
    for image in lighting.images.values():
        image[MARK] = True
    unused = [image for image in lighting.images.values() if image.users == 0]
    if unused:
        bpy.data.batch_remove(unused)


def show_background(camera: Any, picture: Path) -> None:
    """Put a picture behind everything a camera sees.

    Raises
    ------
    OutputError
        The picture cannot be read.
    """
    try:
        image = bpy.data.images.load(str(picture))
        # The file is a passing one; what is saved with the .blend must not need it.
        image.pack()
    except RuntimeError as error:
        raise OutputError(f"{picture}: cannot be read: {str(error).strip()}") from None
    image.name = "PASyn background"
    image[MARK] = True
    data = camera.data
    data.background_images.clear()
    background = data.background_images.new()
    background.image = image
    background.alpha = 1.0
    background.frame_method = "STRETCH"  # it has the picture's size
    background.display_depth = "BACK"
    background.show_expanded = False
    data.show_background_images = True


def look_through(context: bpy.types.Context) -> None:
    """Let the 3D viewport look through the scene's camera; without a window nothing happens."""
    view = _viewport(context)
    if view is None or view.region_3d.view_perspective == "CAMERA":
        return
    region = view.region_3d
    _free_views[view.as_pointer()] = {
        "view_perspective": region.view_perspective,
        "view_location": region.view_location.copy(),
        "view_rotation": region.view_rotation.copy(),
        "view_distance": region.view_distance,
    }
    region.view_perspective = "CAMERA"


def shown_camera(scene: Any) -> Any | None:
    """The camera of the shot that is shown; None while none is."""
    camera = scene.camera
    return camera if camera is not None and camera.get(MARK) else None


def remove_all(context: bpy.types.Context) -> bool:
    """Take away what PASyn has added to a scene, and give it back its own; False if there is nothing."""
    scene = context.scene
    before = scene.pasyn.shots.before
    found = _remove_added(scene)
    if before.taken:
        if scene.camera is None:
            scene.camera = before.camera
        if scene.world is None:
            scene.world = before.world
        render = scene.render
        render.resolution_x, render.resolution_y = before.size
        render.pixel_aspect_x, render.pixel_aspect_y = before.aspect
        before.camera = before.world = None
        before.taken = False
        found = True
    scene.pasyn.shots.index = -1
    _free(context)
    return found


def _remember(scene: Any, before: Any) -> None:
    render = scene.render
    before.camera = None if shown_camera(scene) else scene.camera
    before.world = None if scene.world is not None and scene.world.get(MARK) else scene.world
    before.size = (render.resolution_x, render.resolution_y)
    before.aspect = (render.pixel_aspect_x, render.pixel_aspect_y)
    before.taken = True


def _remove_added(scene: Any, keep: tuple[Any, ...] = ()) -> bool:
    """Remove PASyn's collection of a scene and what is marked in it and used by nobody else."""
    collections = [one for one in scene.collection.children if one.get(MARK)]
    objects = [obj for one in collections for obj in one.objects if obj.get(MARK)]
    data = [obj.data for obj in objects]
    images = [
        background.image
        for block in data
        if isinstance(block, bpy.types.Camera)
        for background in block.background_images
        if background.image is not None
    ]
    images += _world_images(scene).values()
    world = scene.world if scene.world is not None and scene.world.get(MARK) else None
    if world is not None:
        scene.world = None
    doomed = [*objects, *data, *collections, *([world] if world is not None else [])]
    # An object of the artist's own that was put into the collection goes on in the scene.
    for one in collections:
        for obj in list(one.objects):
            if not obj.get(MARK) and len(obj.users_collection) == 1:
                scene.collection.objects.link(obj)
    if doomed:
        bpy.data.batch_remove(doomed)
    left = [
        image for image in dict.fromkeys(images) if image.get(MARK) and image.users == 0 and image not in keep
    ]
    if left:
        bpy.data.batch_remove(left)
    return bool(doomed)


def _world_images(scene: Any) -> dict[Path, Any]:
    """Pictures of PASyn's world of a scene, by the file they are of."""
    if scene.world is None or not scene.world.get(MARK):
        return {}
    images = (getattr(node, "image", None) for node in scene.world.node_tree.nodes)
    return {Path(image.filepath): image for image in images if image is not None}


def _viewport(context: bpy.types.Context) -> Any | None:
    """The 3D viewport a shot is shown in: the one the operator was called from, or the first."""
    area = context.area
    if area is not None and area.type == "VIEW_3D":
        return area.spaces.active
    screen = context.window.screen if context.window is not None else None
    for area in screen.areas if screen is not None else ():
        if area.type == "VIEW_3D":
            return area.spaces.active
    return None


def _free(context: bpy.types.Context) -> None:
    """Let viewports look from where they did before."""
    manager = context.window_manager
    for window in manager.windows if manager is not None else ():
        for area in window.screen.areas:
            view = area.spaces.active
            before = _free_views.pop(view.as_pointer(), None) if area.type == "VIEW_3D" else None
            if before is not None and view.region_3d.view_perspective == "CAMERA":
                for name, value in before.items():
                    setattr(view.region_3d, name, value)
    _free_views.clear()
