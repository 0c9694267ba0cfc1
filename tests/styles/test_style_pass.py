"""The style pass: presets on composed pictures, networks only when they are needed."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from pasyn_blender.errors import StyleError
from styles.preset import Preset, Step, load_preset, with_weights
from styles.style_pass import Networks, apply_preset, style_image, style_photos
from styles.transfer.colour_spaces import oklab_from_bytes

FILES = {role: Path(role) for role in ("embedding", "transformer", "decoder")}


def scene(
    coat: tuple[int, int, int], ground: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture, alpha and background: an ellipse of a coat, lit from above, on speckled ground."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :128]
    inside = 1 - np.hypot((rows - 50) / 25, (columns - 60) / 40)
    alpha = np.clip(inside * 25 * 128 + 128, 0, 255).astype(np.uint8)
    background = np.clip(np.array(ground) + generator.normal(0, 25, (96, 128, 1)), 0, 255)
    animal = np.array(coat) * (1.2 - rows[..., None] / 150)
    picture = np.where(alpha[..., None] > 127, animal, background)
    return picture.clip(0, 255).astype(np.uint8), alpha, background.astype(np.uint8)


class FakeNetworks:
    """Loads networks that paint everything one colour, and remembers what it was asked."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.contents: list[np.ndarray] = []

    def load(self, kind: str, files: Mapping[str, Path], sha256: Mapping[str, str]) -> object:
        self.loaded.append(kind)

        def network(content: np.ndarray, style: np.ndarray, strength: float) -> np.ndarray:
            self.contents.append(content)
            return np.full_like(content, round(200 * strength))

        return network


def test_none_gives_the_same_bytes() -> None:
    picture, alpha, background = scene((120, 72, 45), (70, 120, 40))
    result = apply_preset(load_preset("none"), picture, alpha, background, np.random.default_rng(0))
    assert np.array_equal(result, picture)


def test_photo_changes_the_animal_and_its_outline_the_same_way_every_time() -> None:
    picture, alpha, background = scene((120, 72, 45), (70, 120, 40))
    first, again, other = (
        apply_preset(load_preset("photo"), picture, alpha, background, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    far = ~ndimage.binary_dilation(alpha > 0, iterations=6)
    assert far.any() and np.array_equal(first[far], picture[far])
    assert np.abs(first[alpha > 0].astype(int) - picture[alpha > 0]).mean() > 2


@pytest.mark.parametrize(
    ("coat", "ground"),
    [
        ((120, 72, 45), (60, 140, 30)),  # bay on grass
        ((120, 72, 45), (90, 140, 220)),  # bay against the sky
        ((45, 40, 38), (230, 230, 235)),  # black on snow
        ((225, 222, 218), (190, 120, 60)),  # grey on red earth
    ],
)
def test_photo_leaves_a_coat_its_colour(coat: tuple[int, int, int], ground: tuple[int, int, int]) -> None:
    picture, alpha, background = scene(coat, ground)
    deep = np.zeros_like(alpha, dtype=bool)
    deep[38:62, 40:80] = True
    for seed in range(5):
        result = apply_preset(load_preset("photo"), picture, alpha, background, np.random.default_rng(seed))
        before, after = (oklab_from_bytes(image[deep]).mean(axis=0) for image in (picture, result))
        toward = oklab_from_bytes(background.reshape(-1, 3)).mean(axis=0) - before
        moved = after - before
        assert np.linalg.norm(moved[1:]) < 0.2 * np.linalg.norm(toward[1:])
        assert abs(moved[0]) < 0.3 * abs(toward[0])
        if coat[0] > 1.5 * coat[2]:  # a brown coat stays on the red side of yellow
            assert after[1] > 0.01
        contrast = [np.ptp(oklab_from_bytes(image[deep])[:, 0]) for image in (picture, result)]
        assert contrast[1] > 0.8 * contrast[0]  # not washed out


def test_a_network_is_loaded_once_and_paints_the_animal_alone() -> None:
    picture, alpha, background = scene((120, 72, 45), (70, 120, 40))
    preset = with_weights(load_preset("pasyn"), "stytr2", FILES)
    fake = FakeNetworks()
    networks = Networks(fake.load)  # type: ignore[arg-type]
    assert fake.loaded == []
    for seed in (0, 1):
        result = apply_preset(preset, picture, alpha, background, np.random.default_rng(seed), networks)
        assert (result[alpha == 255] == 100).all()
        assert np.array_equal(result[alpha == 0], picture[alpha == 0])
    assert fake.loaded == ["stytr2"]
    # The recipe shows the network the render alone.
    assert (fake.contents[0][alpha == 0] == 0).all()
    assert np.array_equal(fake.contents[0][alpha == 255], picture[alpha == 255])


def test_a_network_can_have_the_whole_picture() -> None:
    picture, alpha, background = scene((120, 72, 45), (70, 120, 40))
    fake = FakeNetworks()
    step = Step("compact", "picture", (1.0, 1.0), {}, {"weights": Path("w")})
    networks = Networks(fake.load)  # type: ignore[arg-type]
    preset = Preset("mine", (step,))
    result = apply_preset(preset, picture, alpha, background, np.random.default_rng(0), networks)
    assert (result == 200).all() and np.array_equal(fake.contents[0], picture)
    nothing = Preset("mine", (Step("compact", "picture", (0.0, 0.0), {}, {"weights": Path("w")}),))
    kept = apply_preset(nothing, picture, alpha, background, np.random.default_rng(0), networks)
    assert np.array_equal(kept, picture)


def test_a_network_without_weights_says_what_to_write() -> None:
    picture, alpha, background = scene((120, 72, 45), (70, 120, 40))
    with pytest.raises(
        StyleError, match="stytr2 needs weights: name the files for embedding, transformer, decod"
    ):
        apply_preset(load_preset("pasyn"), picture, alpha, background, np.random.default_rng(0))


def test_presets_without_networks_import_no_torch() -> None:
    program = (
        "import sys, numpy as np;"
        "from styles.style_pass import apply_preset; from styles.preset import load_preset;"
        "picture = np.zeros((9, 9, 3), np.uint8);"
        "apply_preset(load_preset('photo'), picture, picture[..., 0], picture, np.random.default_rng(0));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).resolve().parents[2])


def test_the_style_image_is_the_background_or_a_photo_drawn_for_each_picture(tmp_path: Path) -> None:
    background = np.full((30, 40, 3), 9, np.uint8)
    assert style_photos(load_preset("photo")) is None
    assert style_image(None, background, np.random.default_rng(0)) is background
    for value in (50, 100, 150):
        Image.new("RGB", (80, 60), (value, 0, 0)).save(tmp_path / f"{value}.png")
    photos = style_photos(Preset("mine", (), tmp_path))
    images = [style_image(photos, background, np.random.default_rng(seed)) for seed in range(30)]
    assert {image.shape for image in images} == {(30, 40, 3)}
    assert {int(image[0, 0, 0]) for image in images} == {50, 100, 150}
    assert np.array_equal(images[4], style_image(photos, background, np.random.default_rng(4)))
