"""One dataset from a real model through real Blender, and again after kill -9."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import REPOSITORY, delivered_files, pasyn

from render_jobs.composer import Composer
from render_jobs.finished_renders import read_shots
from render_jobs.output_folder import read_job

IMAGES = 4


def arguments(shared: Path, out: Path, workers: int) -> list[str]:
    return [
        *("run", "--rig", str(shared / "rigs/fox_khronos/Fox.glb"), "--images", str(IMAGES)),
        *("--set", "resolution=[64,64]", "--set", "render.samples=1", "--set", "split.val=0.5"),
        *("--out", str(out), "--workers", str(workers)),
    ]


@pytest.fixture(scope="module")
def dataset(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fox") / "out"
    done = pasyn(*arguments(shared, out, 1))
    assert done.returncode == 0, done.stderr
    assert f"{IMAGES} of {IMAGES} pictures" in done.stdout
    return out


def test_pycocotools_loads_what_was_delivered(dataset: Path) -> None:
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(dataset / "annotations/all.json"))
    assert len(coco.imgs) == IMAGES
    composer, shots = Composer(read_job(dataset)), read_shots(dataset)
    assert shots is not None and not all(composer.hides(shot) for shot in shots)
    for annotation in coco.anns.values():
        name = coco.imgs[annotation["image_id"]]["file_name"]
        with Image.open(dataset / "renders" / name) as render:
            mask = np.asarray(render)[..., 3] >= 128
        seen = coco.annToMask(annotation).astype(bool)
        if composer.hides(shots[annotation["image_id"] - 1]):
            assert not (seen & ~mask).any() and seen.sum() < mask.sum()
        else:
            np.testing.assert_array_equal(seen, mask)
        assert annotation["num_keypoints"] > 0
        x, _, width, height = annotation["bbox"]
        assert annotation["area"] <= width * height
        points = np.array(annotation["keypoints"]).reshape(-1, 3)
        inside = (points[:, 0] > x - 3) & (points[:, 0] < x + width + 3)
        assert inside[points[:, 2] > 0].all()


def test_the_folder_holds_all_that_was_promised(dataset: Path) -> None:
    for name in ("job.json", "rig.json", "rig_map.yaml", "shots.jsonl", "manifest.json", "report.html"):
        assert (dataset / name).stat().st_size > 0, name
    manifest = json.loads((dataset / "manifest.json").read_text())
    assert manifest["versions"]["bpy"]
    assert manifest["seconds"]["per_picture"]["measured"] == IMAGES
    assert not [path for path in dataset.rglob("*") if ".partial-" in path.name]
    status = json.loads(pasyn("status", str(dataset), "--json").stdout)
    assert (status["rendered"], status["composed"], status["annotated"]) == (IMAGES, IMAGES, True)


@pytest.mark.slow
def test_killed_and_resumed_with_other_workers_it_is_byte_for_byte_the_same(
    shared: Path, dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "render_jobs.cli", *arguments(shared, out, 2), "--no-report"]
    for renders in (1, 2):
        process = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 120
        while len(list(out.glob("renders/*.json"))) < renders and process.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=300).returncode == 0
    assert delivered_files(out) == delivered_files(dataset)
