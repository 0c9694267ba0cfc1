"""A second of an action is a second of its clip, whatever frame rate its file was made at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rig_files

from pasyn_blender.rig.loading import list_actions, load_rig


@pytest.mark.parametrize(("suffix", "made_at"), [(".blend", 60), (".fbx", 60), (".glb", 60), (".blend", 12)])
def test_files_keep_their_frame_rate(
    suffix: str, made_at: int, shared: Path, empty_scene: Any, tmp_path: Path
) -> None:
    def change() -> None:
        empty_scene.context.scene.render.fps = made_at

    path = rig_files.make(shared, "fox", tmp_path / f"fox{suffix}", change)
    # The walk as imported has 17 frames; made to be played faster it is shorter.
    empty_scene.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(path)
    walk = next(action for action in list_actions(rig) if action.name == "Walk")
    assert rig.rate is not None
    assert (walk.end - walk.start) / rig.rate == pytest.approx(17 / made_at, rel=0.07)
    scene = empty_scene.context.scene.render
    assert (scene.fps, scene.fps_base) == (24, 1.0)  # the scene's own is put back
