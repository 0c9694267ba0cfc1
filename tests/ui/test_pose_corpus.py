"""This file's actions as a corpus: what the panel writes is what the command line makes of the saved file."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pasyn_blender.prior.corpus import read_corpus
from pasyn_blender.prior.plain_arrays import read_arrays

RunInside = Callable[..., str]


def test_the_corpus_is_what_the_command_line_makes_of_the_saved_file(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    saved, written = tmp_path / "Meadow.blend", tmp_path / "panel.npz"
    other = tmp_path / "notes.npz"
    np.savez(other, something=np.zeros(3))
    inside(
        """
import numpy as np
operators = bpy.ops.pasyn
operators.import_animal(filepath=horse)
scene = bpy.context.scene
settings, armature = scene.pasyn.pose, scene.pasyn.animal.armature
scene.render.fps = 24
bpy.ops.wm.save_as_mainfile(filepath=saved)
scene, armature = bpy.context.scene, bpy.context.scene.pasyn.animal.armature
with open(saved.replace(".blend", ".rig_map.yaml"), "w") as file:
    file.write(scene.pasyn.animal.rig_map)
operators.sample_pose(seed=3)
operators.fill_walk(start=1, end=8)  # what the prior made teaches it nothing
scene.frame_set(3)
bpy.context.view_layer.update()
before = np.array([bone.matrix for bone in armature.pose.bones])
playing = armature.animation_data.action.name
assert operators.extract_corpus(filepath=written, actions="Walk, Idle_Hit*") == {"FINISHED"}
bpy.context.view_layer.update()
assert np.array_equal(before, np.array([bone.matrix for bone in armature.pose.bones]))
assert armature.animation_data.action.name == playing and scene.frame_current == 3
assert "no action is named" in message(operators.extract_corpus, filepath=written, actions="Swim")
assert "ends so" in message(operators.extract_corpus, filepath=written.replace(".npz", ".json"))
assert "is no corpus" in message(operators.extract_corpus, filepath=other)
assert "choose a file" in message(operators.extract_corpus)
leave()
""",
        horse=horse,
        saved=str(saved),
        written=str(written),
        other=str(other),
    )
    program = shutil.which("pasyn", path=str(Path(sys.executable).parent))
    assert program is not None
    made = tmp_path / "command.npz"
    command = [program, "prior", "corpus", str(saved), "-o", str(made)]
    command += ["--actions", "Walk", "--actions", "Idle_Hit*", "--species", "horse"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ours, theirs = read_corpus(written), read_corpus(made)
    described = [(clip.name, clip.animal, clip.species, clip.action, clip.rate) for clip in ours.clips]
    assert described == [(c.name, c.animal, c.species, c.action, c.rate) for c in theirs.clips]
    assert [name for name, *_ in described] == ["Idle_HitReact1", "Idle_HitReact2", "Walk"]
    assert ours.notes == tuple(note for note in theirs.notes if "mapped by" not in note)
    ours_arrays, theirs_arrays = read_arrays(written), read_arrays(made)
    assert set(ours_arrays) == set(theirs_arrays)
    for name, array in theirs_arrays.items():
        if name != "header":
            assert np.allclose(ours_arrays[name], array, atol=1e-5, equal_nan=True), name
