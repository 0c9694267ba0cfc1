"""Views of world HDRIs: where Blender shows things, at the right exposure; and the files behind them."""

import math
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import BackgroundError
from styles.composition import srgb_from_linear
from styles.radiance import read_radiance
from styles.worlds import (
    MOST_TILT,
    OPEN_GROUND,
    bundled_world_path,
    read_world,
    tilted_to_ground,
    world_path,
    world_view,
)

LOOKING_ALONG_Y = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""World to OpenCV camera for an upright camera that looks along +Y."""


def intrinsics(size: int, field_of_view: float) -> np.ndarray:
    focal = size / 2 / math.tan(math.radians(field_of_view) / 2)
    return np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1.0]])


def write_radiance(path: Path, pixels: np.ndarray, *, packed: bool) -> Path:
    """Write linear RGB the way Radiance does, the packed form with runs and literals."""
    largest = pixels.max(axis=-1)
    mantissa, exponent = np.frexp(largest)
    factor = np.where(largest > 1e-32, mantissa * 256 / np.where(largest > 0, largest, 1), 0)
    rgbe = np.zeros((*pixels.shape[:2], 4), np.uint8)
    rgbe[..., :3] = pixels * factor[..., None]
    rgbe[..., 3] = np.where(largest > 1e-32, exponent + 128, 0)
    height, width = largest.shape
    data = bytearray(f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode())
    for row in rgbe:
        if not packed:
            data += row.tobytes()
            continue
        data += bytes((2, 2, width >> 8, width & 255))
        for channel in row.T:
            position = 0
            while position < width:
                end = position
                while end < width and channel[end] == channel[position] and end - position < 127:
                    end += 1
                if end - position > 3:
                    data += bytes((128 + end - position, channel[position]))
                else:
                    end = min(width, position + 5)
                    data += bytes((end - position,)) + channel[position:end].tobytes()
                position = end
    path.write_bytes(bytes(data))
    return path


def directions_world(height: int = 64) -> np.ndarray:
    """(height, 2 height, 3) linear picture whose colour is the direction Blender maps each texel to."""
    v, u = np.meshgrid(
        (np.arange(height) + 0.5) / height, (np.arange(2 * height) + 0.5) / (2 * height), indexing="ij"
    )
    theta, phi = v * math.pi, (0.5 - u) * 2 * math.pi
    direction = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    return 0.5 + 0.45 * direction


@pytest.mark.parametrize("packed", [False, True])
def test_radiance_files_are_read_raw_and_packed(tmp_path: Path, packed: bool) -> None:
    pixels = directions_world(16) * np.geomspace(1e-4, 1e4, 32)[None, :, None]
    pixels[3:5] = 0.25
    pixels[7, 4] = 0
    found = read_radiance(write_radiance(tmp_path / "a.hdr", pixels, packed=packed))
    assert found.shape == (16, 32, 3) and found.dtype == np.float32
    # 8-bit mantissas shared by the three colours, rounded down.
    assert (np.abs(found - pixels) <= pixels.max(axis=-1, keepdims=True) / 127).all()
    assert (found[7, 4] == 0).all()


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_radiance_files_are_named(tmp_path: Path, packed: bool) -> None:
    path = write_radiance(tmp_path / "a.hdr", directions_world(16), packed=packed)
    whole = path.read_bytes()
    for content, reason in [
        (whole[:-20], "truncated"),
        (whole[: len(whole) // 2], "truncated"),
        (b"", "not a Radiance"),
        (b"\xff\xd8 a photo", "not a Radiance"),
        (whole.replace(b"-Y 16", b"+Y 16"), "size line"),
        (whole.replace(b"rgbe", b"xyze"), "XYZE"),
        (whole.replace(b"-Y 16 +X 32", b"-Y 999999 +X 999999"), "megapixels"),
    ]:
        path.write_bytes(content)
        with pytest.raises(BackgroundError, match=reason) as caught:
            read_radiance(path)
        assert "a.hdr" in str(caught.value)
    with pytest.raises(BackgroundError, match="cannot be read"):
        read_radiance(tmp_path / "absent.hdr")


def test_exr_files_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"v/1\x01 not really")
    with pytest.raises(BackgroundError, match=r"a\.exr: not a readable EXR"):
        read_world(tmp_path / "a.exr")
    with pytest.raises(BackgroundError, match="no such file"):
        read_world(tmp_path / "b.exr")


def test_bundled_worlds_are_found_without_blender() -> None:
    assert world_path("forest.exr") == bundled_world_path("forest.exr")
    assert read_world(bundled_world_path("forest.exr")).shape == (512, 1024, 3)
    with pytest.raises(BackgroundError, match=r"jungle\.exr: no such bundled world; there are: city\.exr"):
        world_path("jungle.exr")
    assert world_path("/some/sky.hdr") == Path("/some/sky.hdr")


def test_real_hdris(shared: Path) -> None:
    for name in ("lebombo_1k.hdr", "rooitou_park_1k.hdr"):
        world = read_world(shared / "backgrounds" / name)
        assert world.shape == (512, 1024, 3)
        assert 0.01 < np.median(world) < 2 and world.max() > 10


@pytest.mark.parametrize("world_rotation", [0.0, 90.0, 235.0])
def test_every_pixel_shows_its_own_direction(tmp_path: Path, world_rotation: float) -> None:
    path = write_radiance(tmp_path / "a.hdr", directions_world(), packed=True)
    view = world_view(path, LOOKING_ALONG_Y, intrinsics(33, 60), world_rotation, (33, 33), exposure=1)
    angle = math.radians(world_rotation)
    middle = np.array([-math.sin(angle), math.cos(angle), 0.0])  # +Y turned
    assert np.abs(view[16, 16] - srgb_from_linear(0.5 + 0.45 * middle) * 255).max() <= 3
    # Looking along +Y the right edge sees 30 degrees towards +X, the top edge 30 degrees up.
    right = np.array([math.cos(angle + math.pi / 3), math.sin(angle + math.pi / 3), 0.0])
    assert np.abs(view[16, 32] - srgb_from_linear(0.5 + 0.45 * right) * 255).max() <= 4
    assert view[0, 16, 2] > view[16, 16, 2] > view[32, 16, 2]


def test_a_rotation_matrix_serves_like_its_angle(tmp_path: Path) -> None:
    path = write_radiance(tmp_path / "a.hdr", directions_world(), packed=True)
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    views = [
        world_view(path, LOOKING_ALONG_Y, intrinsics(32, 60), rotation, (32, 32), exposure=1)
        for rotation in (90.0, turn)
    ]
    assert np.array_equal(*views)


def test_telephoto_views_are_widened_round_the_same_axis(tmp_path: Path) -> None:
    path = write_radiance(tmp_path / "a.hdr", directions_world(), packed=True)
    narrow = world_view(path, LOOKING_ALONG_Y, intrinsics(32, 5), 0, (32, 32), exposure=1)
    fifty = world_view(path, LOOKING_ALONG_Y, intrinsics(32, 50), 0, (32, 32), exposure=1)
    wide = world_view(path, LOOKING_ALONG_Y, intrinsics(32, 80), 0, (32, 32), exposure=1)
    own = world_view(
        path, LOOKING_ALONG_Y, intrinsics(32, 5), 0, (32, 32), exposure=1, minimum_field_of_view=0
    )
    assert np.array_equal(narrow, fifty)
    assert not np.array_equal(wide, fifty)
    assert np.ptp(own.astype(int), axis=(0, 1)).max() < np.ptp(narrow.astype(int), axis=(0, 1)).max() / 5


@pytest.mark.parametrize("roll", [0.0, 5.0])
def test_feet_near_the_horizon_are_put_on_ground_that_is_nearer(roll: float) -> None:
    angle = math.radians(roll)
    rolled = np.array(
        [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    )
    camera, up = intrinsics(256, 60.0), np.array([0.0, 0, 1])

    def below(turn: np.ndarray, row: float) -> float:
        """Degrees below the horizon at which a view shows the world in the middle of a row."""
        ray = np.linalg.inv(camera) @ [128.0, row, 1.0] @ turn
        return -math.degrees(math.asin(ray @ up / np.linalg.norm(ray)))

    view = rolled @ LOOKING_ALONG_Y
    tilted = tilted_to_ground(view, camera, up, (128.0, 150.0), (256, 256))
    assert below(view, 150.0) < OPEN_GROUND - 3
    assert below(tilted, 150.0) == pytest.approx(OPEN_GROUND, abs=0.1)
    assert tilted @ tilted.T == pytest.approx(np.eye(3), abs=1e-12) and np.linalg.det(tilted) > 0
    # Feet on ground that is near enough, and feet that would need another camera.
    assert tilted_to_ground(view, camera, up, (128.0, 220.0), (256, 256)) == pytest.approx(view)
    above = tilted_to_ground(view, camera, up, (128.0, 60.0), (256, 256))
    assert below(above, 128.0) - below(view, 128.0) == pytest.approx(MOST_TILT, abs=0.1)


def test_exposure_brings_the_median_to_middle_grey_whatever_the_light(tmp_path: Path) -> None:
    views = []
    for index, factor in enumerate((1e-2, 1.0, 64.0)):
        path = write_radiance(tmp_path / f"{index}.hdr", directions_world() * factor, packed=True)
        views.append(world_view(path, LOOKING_ALONG_Y, intrinsics(32, 60), 0, (32, 32)))
    for view in views:
        # sRGB 118 is 18 % of the light.
        assert abs(np.median(view.astype(float) @ [0.2126, 0.7152, 0.0722]) - 118) < 6
        assert np.abs(view.astype(int) - views[1]).max() <= 4


def test_black_and_impossible_light_is_no_accident(tmp_path: Path) -> None:
    path = write_radiance(tmp_path / "black.hdr", np.zeros((16, 32, 3)), packed=False)
    assert (world_view(path, LOOKING_ALONG_Y, intrinsics(8, 60), 0, (8, 8)) == 0).all()
    with pytest.raises(BackgroundError, match=r"absent\.hdr"):
        world_view(tmp_path / "absent.hdr", LOOKING_ALONG_Y, intrinsics(8, 60), 0, (8, 8))


def test_horizon_roll_and_turn_agree_with_blender(empty_scene, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    bpy = empty_scene
    from mathutils import Euler
    from PIL import Image

    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens = 24
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 8
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = str(tmp_path / "view.png")
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    tree = scene.world.node_tree
    tree.nodes.clear()
    chain = [
        tree.nodes.new(f"Shader{kind}")
        for kind in ("NodeTexCoord", "NodeMapping", "NodeTexEnvironment", "NodeBackground", "NodeOutputWorld")
    ]
    sockets = ("Generated", 0, 0, 0)
    for before, after, socket in zip(chain, chain[1:], sockets, strict=False):
        tree.links.new(before.outputs[socket], after.inputs[0])
    smooth = write_radiance(tmp_path / "smooth.hdr", directions_world(), packed=True)
    for path, degrees, angles, largest in [
        (smooth, 0.0, (80, 0, 0), 1.0),
        (smooth, 70.0, (95, -12, 200), 1.0),
        (bundled_world_path("city.exr"), -33.0, (70, 20, 310), 3.0),
    ]:
        chain[2].image = bpy.data.images.load(str(path))
        chain[1].inputs["Rotation"].default_value = (0, 0, math.radians(degrees))
        camera.rotation_euler = Euler([math.radians(angle) for angle in angles])
        bpy.context.view_layer.update()
        bpy.ops.render.render(write_still=True)
        rendered = np.asarray(Image.open(tmp_path / "view.png").convert("RGB")).astype(float)
        rotation = np.diag([1.0, -1, -1]) @ np.array(camera.matrix_world.to_3x3().inverted())
        focal = 64 * 24 / 36
        view = world_view(
            path,
            rotation,
            np.array([[focal, 0, 32], [0, focal, 32], [0, 0, 1]]),
            degrees,
            (64, 64),
            exposure=1,
            minimum_field_of_view=0,
        ).astype(float)
        # Blender filters pixels over their neighbours; means over 4x4 pixels compare places, not sharpness.
        means = [picture.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3)) for picture in (view, rendered)]
        assert np.abs(means[0] - means[1]).mean() < largest
        assert np.abs(means[0][:, ::-1] - means[1]).mean() > 5 * largest


def test_ground_under_a_bright_sky_is_exposed_half_way(tmp_path: Path) -> None:
    light = np.full((64, 128, 3), 0.05)
    light[:32] = 4.0  # the upper half of the world, eighty times the ground
    path = write_radiance(tmp_path / "sky.hdr", light, packed=True)
    tilt = np.radians(8)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    view = world_view(path, turn @ LOOKING_ALONG_Y[:3, :3], intrinsics(64, 60), 0, (64, 64))
    # Half way, in stops, between ground at middle grey (3.6) and sky at white (1 / 4).
    expected = 255 * srgb_from_linear(np.array(0.05 * np.sqrt(3.6 / 4.0)))
    assert abs(int(view[..., 1].min()) - float(expected)) < 3


def test_worlds_of_an_installed_blender_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forest.exr").touch()
    monkeypatch.setenv("PASYN_WORLDS", str(tmp_path))
    assert bundled_world_path("forest.exr") == tmp_path / "forest.exr"
    assert bundled_world_path("city.exr").parent != tmp_path, "what is not there comes from the bpy module"
