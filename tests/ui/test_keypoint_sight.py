"""What a viewport says of a keypoint is what the labels of a picture from there would say."""

import numpy as np
import pytest

from pasyn_blender.annotation.visibility import visibility
from pasyn_blender.ui.screen import screen_positions
from pasyn_blender.ui.sight import PatientLook, Skin, seen, view_camera

SIZE = (800, 600)
FRAME = (0.0, 0.0, 800.0, 600.0)


def scene(seed: int) -> tuple[np.ndarray, Skin]:
    """A cloud of triangles about the origin, and keypoints on and among them."""
    random = np.random.default_rng(np.random.SeedSequence(seed))
    centres = random.normal(0.0, 0.5, (4000, 1, 3))
    vertices = (centres + random.normal(0.0, 0.03, (4000, 3, 3))).reshape(-1, 3)
    triangles = np.arange(12000).reshape(-1, 3)
    surface = np.arange(24) % 2 == 0
    points = np.where(surface[:, None], vertices[:24], random.normal(0.0, 0.4, (24, 3)))
    points[5] = np.nan
    parts = [np.sort(random.choice(4000, 1500, replace=False)) for _ in points]
    columns = tuple(np.ascontiguousarray(column) for column in triangles.T)
    return points, Skin(vertices, triangles, columns, parts, surface, 1.0)


def view_from(distance: float) -> np.ndarray:
    """World to view, from above and beside, looking at the origin."""
    toward = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])
    right = np.cross([0.0, 0.0, 1.0], toward)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(toward, right), toward])
    matrix[2, 3] = -distance
    return matrix


def lens(focal: float) -> np.ndarray:
    width, height = SIZE
    return np.array(
        [[2 * focal / width, 0, 0, 0], [0, 2 * focal / height, 0, 0], [0, 0, -1.0, -0.2], [0, 0, -1.0, 0]]
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_perspective_view_judges_as_the_labels_do(seed: int) -> None:
    points, skin = scene(seed)
    view = view_from(3.0)
    camera = view_camera(view, True, np.zeros(3), 1.0)
    focal = 900.0
    places, _ = screen_positions(points, lens(focal) @ view, *SIZE)
    found = seen(points, places, FRAME, skin, camera)
    pixels = np.column_stack([places[:, 0], SIZE[1] - places[:, 1]])
    labels = visibility(
        pixels, points, skin.surface, skin.parts, skin.vertices, skin.triangles, camera, SIZE, 1.0
    )
    np.testing.assert_array_equal(found, labels)
    assert set(found) == {0, 1, 2}, "the scene should show all three"


def test_an_orthographic_view_looks_along_parallel_rays() -> None:
    # A square high above the second point only, which a perspective view from near by would not see there.
    square = np.array([[0.9, -0.1, 5.0], [1.1, -0.1, 5.0], [1.1, 0.1, 5.0], [0.9, 0.1, 5.0]])
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 9.0]])
    columns = tuple(np.ascontiguousarray(column) for column in triangles.T)
    skin = Skin(square, triangles, columns, [np.zeros(0, int)] * 3, np.array([True, False, False]), 1.0)
    from_above = np.eye(4)
    places = np.array([[400.0, 300.0], [500.0, 300.0], [500.0, 300.0]])
    camera = view_camera(from_above, False, points.mean(axis=0), 1.0)
    assert seen(points, places, FRAME, skin, camera).tolist() == [2, 1, 2]


def test_the_frame_decides_what_is_outside() -> None:
    points, skin = scene(4)
    view = view_from(3.0)
    camera = view_camera(view, True, np.zeros(3), 1.0)
    places, _ = screen_positions(points, lens(300.0) @ view, *SIZE)
    frame = (390.0, 290.0, 420.0, 320.0)
    inside = ((places >= frame[:2]) & (places < frame[2:])).all(axis=1)
    assert 0 < inside.sum() < len(points)
    np.testing.assert_array_equal(seen(points, places, frame, skin, camera) > 0, inside)


def test_skin_that_is_not_shown_hides_nothing() -> None:
    points, skin = scene(5)
    skin.vertices[:] = np.nan
    view = view_from(3.0)
    places, _ = screen_positions(points, lens(300.0) @ view, *SIZE)
    found = seen(points, places, FRAME, skin, view_camera(view, True, np.zeros(3), 1.0))
    assert set(found[np.isfinite(points).all(axis=1)]) == {2}


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_quick_look_happens_at_once_and_once() -> None:
    clock = Clock()
    patient = PatientLook(slow=0.015, rest=0.15, clock=clock)
    looks = []
    for subject in ((1,), (1,), (2,)):
        assert patient.look(subject, lambda subject=subject: looks.append(subject) or subject) is None
    assert looks == [(1,), (2,)] and patient.last == (2,)


def test_a_slow_look_waits_until_nothing_moves() -> None:
    clock = Clock()
    patient = PatientLook(slow=0.015, rest=0.15, clock=clock)

    def slowly(name: str) -> str:
        clock.now += 0.04
        return name

    assert patient.look(("a",), lambda: slowly("a")) is None, "how slow it is shows the first time"
    assert patient.look(("b",), lambda: slowly("b")) == pytest.approx(0.15)
    clock.now += 0.1
    assert patient.look(("b",), lambda: slowly("b")) == pytest.approx(0.05)
    assert patient.look(("c",), lambda: slowly("c")) == pytest.approx(0.15), "it moved again"
    assert patient.last == "a"
    clock.now += 0.2
    assert patient.look(("c",), lambda: slowly("c")) is None
    assert patient.last == "c"
