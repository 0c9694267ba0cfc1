"""Wrong jobs: each message names file, line and key, what was found, and what would be right."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_prior import small_prior

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import JobError
from render_jobs.job import Job, load_job

# (text, line, key, found, right); the line and key begin the message.
WRONG = [
    ("animal: zebra\nimags: 3\n", 2, "imags", "unknown key", "did you mean 'images'?"),
    ("animal: zebra\nelevation: 3\n", 2, "elevation", "unknown key", "'camera.elevation'"),
    ("animal: zebra\ncamera:\n  azimut: 3\n", 3, "camera.azimut", "unknown key", "'azimuth'"),
    ("animal: zebra\ncamera: 3\n", 2, "camera", "found 3", "write keys below it: azimuth"),
    ("animal: zebra\nimages: many\n", 2, "images", "found 'many'", "a whole number from 1"),
    ("animal: zebra\nimages: '24'\n", 2, "images", "found '24'", "a whole number from 1"),
    ("animal: zebra\nimages: 0\n", 2, "images", "found 0, outside", "from 1"),
    ("animal: zebra\nimages: true\n", 2, "images", "found true", "a whole number"),
    ("animal: zebra\nimages: 2.5\n", 2, "images", "found 2.5", "a whole number"),
    ("animal: zebra\nimages:\n", 2, "images", "found nothing", "a whole number"),
    ("animal: zebra\nimages: [1, 2]\n", 2, "images", "found [1, 2]", "a whole number"),
    ("animal: zebra\nseed: -1\n", 2, "seed", "found -1", "from 0"),
    (f"animal: zebra\nseed: {'9' * 300}\n", 2, "seed", "found 999", "from 0"),
    ("animal: zebra\nresolution: [8, 256]\n", 2, "resolution", "found 8", "from 16 to 8192"),
    ("animal: zebra\nresolution: [256, 9000]\n", 2, "resolution", "found 9000", "from 16 to 8192"),
    ("animal: zebra\nresolution: [1, 2, 3]\n", 2, "resolution", "3 values", "[width, height]"),
    ("animal: zebra\nkeypoints: coco\n", 2, "keypoints", "found 'coco'", "ap10k"),
    ("animal: zebra\nrender: {samples: 0}\n", 2, "render.samples", "found 0", "from 1"),
    ("animal: zebra\nrender: {engine: Cycles}\n", 2, "render.engine", "found 'Cycles'", "mean 'cycles'?"),
    ("animal: zebra\nrender: {denoise: yes}\n", 2, "render.denoise", "found 'yes'", "true or false"),
    ("animal: zebra\nrender: {denoise: 1}\n", 2, "render.denoise", "found 1", "true or false"),
    ("animal: zebra\nrender: {device: gpu}\n", 2, "render.device", "found 'gpu'", "cpu, optix, cuda"),
    ("animal: zebra\nrender: {passes: [depth, mist]}\n", 2, "render.passes", "found 'mist'", "depth, normal"),
    ("animal: zebra\nrender: {engine: workbench, passes: normal}\n", 2, "render.passes", "normal", "cycles"),
    ("animal: zebra\ncamera:\n  elevation: [30, -5]\n", 3, "camera.elevation", "an empty range", "[-5, 30]"),
    ("animal: zebra\ncamera:\n  elevation: []\n", 3, "camera.elevation", "an empty range", "[smallest,"),
    ("animal: zebra\ncamera:\n  elevation: [0, 91]\n", 3, "camera.elevation", "found 91", "from -90 to 90"),
    ("animal: zebra\ncamera:\n  elevation: [0, true]\n", 3, "camera.elevation", "found true", "one number"),
    ("animal: zebra\ncamera:\n  elevation: [0, .nan]\n", 3, "camera.elevation", "not a finite", "number"),
    ("animal: zebra\ncamera:\n  elevation: [-.inf, 3]\n", 3, "camera.elevation", "not a finite", "number"),
    ("animal: zebra\ncamera:\n  elevation:\n  - 0\n  - x\n", 5, "camera.elevation", "found 'x'", "number"),
    ("animal: zebra\ncamera: {azimuth: [350, 10]}\n", 2, "camera.azimuth", "an empty range", "[-10, 10]"),
    ("animal: zebra\ncamera: {azimuth: [0, 700]}\n", 2, "camera.azimuth", "a full turn", "[0, 360]"),
    ("animal: zebra\ncamera: {fill: [0, 0.5]}\n", 2, "camera.fill", "found 0", "0.02 to 1"),
    ("animal: zebra\ncamera: {fill: 1.2}\n", 2, "camera.fill", "found 1.2", "0.02 to 1"),
    ("animal: zebra\ncamera: {truncation: [0, 1]}\n", 2, "camera.truncation", "found 1", "0 to 0.8"),
    ("animal: zebra\nlight: {worlds: forrest}\n", 2, "light.worlds", "found 'forrest'", "'forest.exr'"),
    ("animal: zebra\nlight: {worlds: [a.exr]}\n", 2, "light.worlds", "there is no file", ".hdr"),
    ("animal: zebra\nlight: {worlds: [a.png]}\n", 2, "light.worlds", "found 'a.png'", ".exr, .hdr"),
    ("animal: zebra\ncoat: {individuals: [3, 1]}\n", 2, "coat.individuals", "an empty range", "[1, 3]"),
    ("animal: zebra\nsplit: {val: 2}\n", 2, "split.val", "found 2", "from 0 to 1"),
    ("animal: zebra\nlimits: {shot_seconds: 0}\n", 2, "limits.shot_seconds", "found 0", "from 1"),
    ("animal: zebra\nactions: [{a: b}]\n", 2, "actions", "found {a: 'b'}", "Walk*"),
    ("animal: zebra\nposes: pior\n", 2, "poses", "found 'pior'", "did you mean 'prior'?"),
    ("animal: zebra\nposes: 3\n", 2, "poses", "found 3", "prior, actions, file"),
    ("animal: zebra\nposes: file\n", 2, "poses", "but which?", "{source: file, file: poses.npz}"),
    ("animal: zebra\nposes: {sorce: prior}\n", 2, "poses.sorce", "unknown key", "'source'"),
    ("animal: zebra\nposes: {source: walk}\n", 2, "poses.source", "found 'walk'", "prior, actions, file"),
    ("animal: zebra\nposes:\n  sigma: 5\n", 3, "poses.sigma", "found 5, outside", "from 0 to 4"),
    ("animal: zebra\nposes: {sigma: wide}\n", 2, "poses.sigma", "found 'wide'", "a number"),
    ("animal: zebra\nposes: {share_of_actions: 30}\n", 2, "poses.share_of_actions", "found 30", "0 to 1"),
    ("animal: zebra\nposes: {file: gone.npz}\n", 2, "poses.file", "there is no file", "pasyn prior train"),
    ("animal: zebra\nposes: {file: here.glb}\n", 2, "poses.file", "found 'here.glb'", ".npz"),
    ("animal: zebra\nposes: {file: good.npz, actions: [walk, graise]}\n", 2, "poses.actions",
     "found 'graise'", "did you mean 'graze'?); it knows graze, walk"),
    ("animal: zebra\nposes:\n  file: good.npz\n  species: cat\n", 4, "poses.species", "'cat'", "knows horse"),
    ("animal: zebra\nposes: {file: own.npz}\n", 2, "poses.file", "joints of its own", "canonical clips"),
    ("animal: zebra\nposes: {file: cut.npz}\n", 2, "poses.file", "is damaged", "copy it again"),
    ("animal: zebra\nposes: {file: bare.npz}\n", 2, "poses.file", "bare.json should lie beside", "prior"),
    ("animal: zebra\nposes: {file: poses.npz}\n", 2, "poses.file", "poses.json should lie", "prior"),
    ("animal: zebra\nposes: {source: file, file: good.npz}\n", 2, "poses.file", "no file of poses", "sample"),
    ("animal: zebra\nposes: {source: file, file: cut.npz}\n", 2, "poses.file", "no readable .npz", "sample"),
    ("animal: zebra\nposes: {source: file, file: few.npz}\n", 2, "poses.file", "lacks", "canonical clips"),
    ("animal: zebra\nspecies: 12\n", 2, "species", "found 12", "zebra"),
    ("animal: zebra\nrig_map: m.yaml\n", 2, "rig_map", "there is no file", "leave rig_map out"),
    ("animal: zebraa\n", 1, "animal", "found 'zebraa'", "did you mean 'zebra'?"),
    ("animal: 3\n", 1, "animal", "found 3", "zebra"),
    ("species: zebra\n", 1, "animal", "neither an animal nor a rig", "'rig:'"),
    ("animal: zebra\nrig: here.glb\n", 2, "rig", "both an animal (zebra) and a rig (here.glb)", "not both"),
    ("rig: gone.glb\n", 1, "rig", "there is no file", "--set rig=FILE"),
    ("rig: model.obj\n", 1, "rig", "found 'model.obj'", ".blend, .glb, .gltf, .fbx"),
    ("rig: folder.glb\n", 1, "rig", "is a folder", "the path of a rigged model"),
    ("animal: zebra\nbackgrounds: [nowhere]\n", 2, "backgrounds", "there is no folder", "a folder of photos"),
    ("animal: zebra\nbackgrounds: here.glb\n", 2, "backgrounds", "is not a folder", "a folder of photos"),
    ("animal: zebra\nimages: 3\nimages: 4\n", 3, "images", "twice, first in", "keep one"),
]  # fmt: skip


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that jobs name, good ones and bad ones."""
    folder = tmp_path_factory.mktemp("material")
    (folder / "here.glb").write_bytes(b"glTF")
    (folder / "folder.glb").mkdir()
    small_prior(folder / "good.npz")
    small_prior(folder / "own.npz", joints=("upperleg.L", "frontleg.L"))
    small_prior(folder / "cut.npz")
    (folder / "cut.npz").write_bytes((folder / "cut.npz").read_bytes()[:-100])
    (folder / "bare.npz").write_bytes((folder / "good.npz").read_bytes())
    for name, joints in (("poses", JOINTS), ("few", JOINTS[:5])):
        rotations = np.broadcast_to(np.eye(3), (3, len(joints), 3, 3))
        np.savez(folder / f"{name}.npz", joints=np.array(joints), rotations=rotations)
    return folder


@pytest.fixture
def folder(tmp_path: Path, material: Path) -> Path:
    shutil.copytree(material, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(("text", "line", "key", "found", "right"), WRONG, ids=lambda value: None)
def test_a_wrong_value_is_answered_with_place_key_finding_and_remedy(
    folder: Path, text: str, line: int, key: str, found: str, right: str
) -> None:
    path = folder / "job.yaml"
    path.write_text(text)
    with pytest.raises(JobError) as caught:
        load_job(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}, {key}: ")
    assert found in message
    assert right in message
    assert len(message) < 600 and "\n" not in message


# Whole-file mistakes: (bytes, what the message holds)
BROKEN = [
    (b"animal: [zebra\nimages: 3\n", ["line 2", "not valid YAML"]),
    (b"animal: zebra\n\timages: 3\n", ["line 2", "not valid YAML", "found a tab"]),
    (b"animal: zebra\n  images: 3\n", ["line 2", "not valid YAML"]),
    (b"animal: zebra\n---\nimages: 3\n", ["line 2", "second document"]),
    (b"animal: zebra\nx: *nothing\n", ["line 2", "undefined alias"]),
    (b"animal: zebra\x00\n", ["not valid YAML"]),
    (b"animal: zebra\nspecies: \xff\xfe\n", ["line 2", "not UTF-8"]),
    (b"", ["found an empty file", "animal: zebra"]),
    (b"# nothing yet\n", ["found an empty file"]),
    (b"- animal\n- zebra\n", ["line 1", "found ['animal', 'zebra']", "key: value"]),
    (b"zebra\n", ["line 1", "found 'zebra'"]),
    (b"animal: zebra\n[1, 2]: 3\n", ["line 2", "keys are single words"]),
    (b"animal: zebra\nseed: !!python/object/apply:os.system ['touch owned']\n", ["line 2", "tag"]),
    (b"animal: zebra\nseed: !!int '3'\n", ["line 2", "tag"]),
    (b"animal: zebra\nactions: &a [*a]\n", ["line 2", "nested too deeply"]),
    (b"animal: zebra\nactions: " + b"[" * 5000 + b"\n", ["nested too deeply"]),
    (b"a: &a [x,x,x,x,x,x,x]\nb: &b [" + b"*a," * 99 + b"]\nc: [" + b"*b," * 99 + b"]\n", ["too large"]),
    (b"# " + b"x" * 1_000_001, ["larger than"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), BROKEN, ids=lambda value: None)
def test_a_broken_file_is_one_clear_message(
    tmp_path: Path, content: bytes, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.yaml"
    path.write_bytes(content)
    with pytest.raises(JobError) as caught:
        load_job(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    for part in expected:
        assert part in message
    assert "\n" not in message
    assert not (tmp_path / "owned").exists()


def test_files_that_are_no_jobs(tmp_path: Path) -> None:
    for name, expected in [
        ("absent.yaml", "there is no such job file"),
        ("horse.glb", "--rig"),
        ("job.txt", "found suffix '.txt'"),
    ]:
        with pytest.raises(JobError, match=expected):
            load_job(tmp_path / name)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(JobError, match="found a folder"):
        load_job(tmp_path / "folder.yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files(folder: Path) -> None:
    (folder / "here.glb").chmod(0)
    path = folder / "job.yaml"
    path.write_text("rig: here.glb\n")
    with pytest.raises(JobError, match="no permission to read"):
        load_job(path)
    path.chmod(0)
    with pytest.raises(JobError, match="cannot be read"):
        load_job(path)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("camera.elevation=[5, 1]", "--set camera.elevation=[5, 1]: found [5, 1], an empty range"),
        ("camera.elevaton=3", "--set camera.elevaton=3: unknown key (did you mean 'elevation'?)"),
        ("images", "--set images: write a dotted key and a value"),
        ("=3", "--set =3: write a dotted key and a value"),
        ("camera..roll=3", "--set camera..roll=3: write a dotted key and a value"),
        ("images=[1,", "--set images=[1,: not valid YAML"),
        ("images=", "--set images=: found nothing"),
        ("images.x=3", "images: found {x: 3}"),
        ("seed=!!python/name:os.system", "--set seed=!!python/name:os.system: found the tag"),
        ("rig=gone.glb", "--set rig=gone.glb: there is no file"),
    ],
)
def test_a_wrong_override_is_named(folder: Path, override: str, expected: str) -> None:
    path = folder / "job.yaml"
    path.write_text("animal: zebra\n")
    with pytest.raises(JobError) as caught:
        load_job(path, [override])
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"animal": "zebra",\n "images": }', "job.json, line 2: not valid JSON"),
        ('{"animal": "zebra", "images": 1, "images": 2}', "the key 'images' is there twice"),
        ('{"animal": "zebra", "seed": NaN}', "job.json, seed: found nan"),
        ("[]", "job.json: found []"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_wrong_json_is_answered_like_yaml(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(JobError) as caught:
        load_job(tmp_path / "job.json")
    assert expected in str(caught.value)


def test_a_damaged_resolved_job_names_its_source() -> None:
    with pytest.raises(JobError, match=r"out/job\.json, camera\.fill: found 'x'"):
        Job.from_dict({"animal": "zebra", "camera": {"fill": "x"}}, "out/job.json")
