"""A compact style network learns from photos; equal seeds give equal bytes, stopped in between or not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
from pasyn_blender.errors import StyleError  # noqa: E402
from styles.backgrounds import PhotoLibrary, list_photos, photo_cache  # noqa: E402
from styles.neural import load  # noqa: E402
from styles.neural.compact_file import read_card, read_compact  # noqa: E402
from styles.neural.compact_network import CompactNetwork, first_weights  # noqa: E402
from styles.neural.compact_training import (  # noqa: E402
    is_trained,
    train_compact,
    training_loss,
    training_path,
)
from styles.neural.training_options import StyleTrainingOptions  # noqa: E402
from styles.neural.training_pictures import training_batch  # noqa: E402

OPTIONS = StyleTrainingOptions(seed=3, steps=6, size=32, batch=2, width=4)


def scene(seed: int, size: int = 96) -> np.ndarray:
    """A sky and a ground of their own colours, with grain: what photos have."""
    rng = np.random.default_rng(seed)
    picture = np.where(np.arange(size)[:, None, None] < size // 2, rng.random(3), rng.random(3))
    picture = picture + rng.normal(0, 0.05, (size, size, 1)) * np.ones(3)
    picture[20:70, 30:50] = rng.random(3)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> PhotoLibrary:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(6):
        Image.fromarray(scene(seed)).save(folder / f"{seed}.png")
    return list_photos([folder])


def stop_after(steps: int) -> object:
    asked = iter([False] * (steps - 1) + [True])
    return lambda: next(asked)


def test_some_steps_of_training_help_with_what_it_was_not_shown(photos: PhotoLibrary, tmp_path: Path) -> None:
    options = dataclasses.replace(OPTIONS, steps=60, batch=4, rate=5e-3)
    paths = [photos.path(*photo) for photo in photos.photos]
    unseen = [training_batch(paths, options, 10_000 + i, photo_cache()) for i in range(4)]
    train_compact(photos, options, tmp_path / "w.safetensors")

    def error(network: CompactNetwork) -> float:
        with torch.no_grad():
            return sum(float(training_loss(network, batch)) for batch in unseen)

    before = error(CompactNetwork(first_weights(options.width, options.seed)))
    assert error(read_compact(tmp_path / "w.safetensors")) < 0.95 * before


def test_the_seed_decides_the_bytes(photos: PhotoLibrary, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.safetensors", "b.safetensors", "c.safetensors")]
    threads = torch.get_num_threads()
    for path, seed, count in zip(files, (3, 3, 4), (1, 2, 1), strict=True):
        torch.set_num_threads(count)
        train_compact(photos, dataclasses.replace(OPTIONS, seed=seed), path)
    torch.set_num_threads(threads)
    first, same, other = (path.read_bytes() for path in files)
    assert first == same
    assert first != other


def test_a_stopped_training_goes_on_to_the_same_bytes(photos: PhotoLibrary, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    train_compact(photos, OPTIONS, whole)
    seen: list[int] = []
    for _ in range(3):
        train_compact(photos, OPTIONS, parts, lambda done, *_: seen.append(done), stop_after(2))
    assert seen == [1, 2, 3, 4, 5, 6]
    assert parts.read_bytes() == whole.read_bytes()
    assert not training_path(parts).exists()
    assert is_trained(photos, OPTIONS, parts)
    assert not is_trained(photos, dataclasses.replace(OPTIONS, steps=7), parts)


def test_a_stopped_training_is_not_taken_for_a_network(photos: PhotoLibrary, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    train_compact(photos, OPTIONS, output, stop=stop_after(1))
    assert not output.exists()
    with pytest.raises(StyleError, match="has not ended"):
        load("compact", {"weights": training_path(output)})


def test_a_training_with_other_options_or_photos_is_named(photos: PhotoLibrary, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    train_compact(photos, OPTIONS, output, stop=stop_after(1))
    with pytest.raises(StyleError, match=r"other options .*width 4 then, 5 now"):
        train_compact(photos, dataclasses.replace(OPTIONS, width=5), output)
    fewer = dataclasses.replace(photos, photos=photos.photos[1:])
    with pytest.raises(StyleError, match=r"other photos .*6 photos then, 5 now"):
        train_compact(fewer, OPTIONS, output)


def test_a_damaged_training_is_named(photos: PhotoLibrary, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    train_compact(photos, OPTIONS, output, stop=stop_after(1))
    kept = training_path(output)
    kept.write_bytes(kept.read_bytes()[:1000])
    with pytest.raises(StyleError, match="truncated"):
        train_compact(photos, OPTIONS, output)


def test_one_photo_is_too_few(photos: PhotoLibrary, tmp_path: Path) -> None:
    one = dataclasses.replace(photos, photos=photos.photos[:1])
    with pytest.raises(StyleError, match="at least 2"):
        train_compact(one, OPTIONS, tmp_path / "w.safetensors")


def test_the_file_says_how_it_came_about(photos: PhotoLibrary, tmp_path: Path) -> None:
    train_compact(photos, OPTIONS, tmp_path / "w.safetensors")
    card = read_card(tmp_path / "w.safetensors")
    assert card["options"] == dataclasses.asdict(OPTIONS)
    assert card["photos"] == 6
    assert len(card["photos_sha256"]) == 64
    assert len(card["losses"]) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("size", 33), ("size", 24), ("steps", 0), ("width", 1), ("rate", 0.0), ("seed", -1)]
)
def test_options_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(StyleError, match=f"{name} {value}"):
        StyleTrainingOptions(**{name: value})


def lively(width: int = 4) -> CompactNetwork:
    """Random weights, whose maps change something: those of a training's beginning change nothing."""
    weights = first_weights(width, seed=1)
    noise = torch.Generator().manual_seed(0)
    for name, value in weights.items():
        if name.startswith("decoder.maps"):
            weights[name] = torch.randn(value.shape, generator=noise) * 0.05
    return CompactNetwork(weights)


def test_no_strength_changes_nothing_and_half_changes_less() -> None:
    content, style = (torch.from_numpy(scene(s)).permute(2, 0, 1)[None] / 255 for s in (1, 2))
    network = lively()
    assert torch.equal(network.transfer(content, style, 0.0), content)
    half, full = (float((network.transfer(content, style, s) - content).abs().mean()) for s in (0.5, 1.0))
    assert 0.01 < half < full


@pytest.mark.parametrize("size", [(16, 16), (37, 51), (64, 17)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    content = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    changed = lively().transfer(content, torch.rand(2, 3, 40, 23))
    assert changed.shape == content.shape
    assert torch.isfinite(changed).all()


def steepest(picture: torch.Tensor) -> torch.Tensor:
    """Column of the steepest change in each row, to a fraction of a pixel: the top of a parabola."""
    steepness = picture.diff(dim=1).abs()
    top = steepness.argmax(1, keepdim=True)
    before, at, after = (steepness.gather(1, top + shift) for shift in (-1, 0, 1))
    return (top + 0.5 + (before - after) / (before - 2 * at + after) / 2)[:, 0]


def test_edges_stay_where_they_are() -> None:
    # A soft step at different places on the network's grid.
    style = torch.from_numpy(scene(5)).permute(2, 0, 1)[None].float() / 255
    for middle in (40.3, 44.0, 47.8):
        step = 0.2 + 0.6 * torch.sigmoid((torch.arange(96.0) - middle) * 1.5)
        content = step.expand(1, 3, 96, 96)
        changed = lively().transfer(content, style)
        assert (changed - content).abs().mean() > 0.02
        moved = steepest(changed.mean(1)[0]) - steepest(content.mean(1)[0])
        assert moved.abs().max() < 0.1
