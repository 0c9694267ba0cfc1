"""The archive that ``make extension`` builds: valid, complete, installable, and clean to remove."""

import hashlib
import json
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RunInside = Callable[..., str]

WHEEL_PLATFORMS = ("manylinux", "macosx_10", "macosx_11", "win_amd64")


def blender_tool() -> str:
    import importlib.util

    found = importlib.util.find_spec("bpy")
    assert found is not None and found.origin is not None
    (tool,) = Path(found.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    return str(tool)


def test_blenders_own_tool_finds_the_archive_valid(archive: Path) -> None:
    done = subprocess.run(
        [sys.executable, blender_tool(), "validate", str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_archive_holds_manifest_package_species_and_wheels(archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
        manifest = tomllib.loads(file.read("blender_manifest.toml").decode())
    assert {"__init__.py", "ui/panels/dataset.py", "rig/loading.py", "assets/species/zebra.yaml"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("render_jobs")]
    assert manifest["id"] == "pasyn_blender"
    assert set(manifest["permissions"]) == {"files"}
    wheels = manifest["wheels"]
    assert {f"./{name}" for name in names if name.endswith(".whl")} == set(wheels)
    for python in ("cp311", "cp313"):
        for platform in WHEEL_PLATFORMS:
            assert any(python in wheel and platform in wheel for wheel in wheels), (python, platform)


def test_the_archive_holds_whole_priors_and_the_limits_of_joints(archive: Path) -> None:
    """What poses from the prior need; what each file is, its own reader says."""
    with zipfile.ZipFile(archive) as file:
        carried = {name: file.read(name) for name in file.namelist() if name.startswith("assets/")}
    assert {"joint_limits.yaml", "priors/quadruped.npz", "priors/quadruped.json"} <= {
        name.removeprefix("assets/") for name in carried
    }
    for name, content in carried.items():
        assert content == (REPOSITORY / name).read_bytes(), name
    card = json.loads(carried["assets/priors/quadruped.json"])
    assert card["arrays_sha256"] == hashlib.sha256(carried["assets/priors/quadruped.npz"]).hexdigest()


def test_the_same_sources_give_the_same_archive(archive: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "build_extension.py"), "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / archive.name).read_bytes() == archive.read_bytes()


def test_the_library_needs_no_blender_to_be_imported() -> None:
    code = (
        "import sys; sys.modules['bpy'] = None; import pasyn_blender; "
        "print('pasyn_blender.ui' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "False"


def test_enabled_and_disabled_twenty_times_nothing_is_left(inside: RunInside) -> None:
    inside("""
import addon_utils

enabled = traces()
for kind in ("classes", "scenes' and others' properties", "operators", "handlers", "drawings"):
    assert enabled[kind], f"the extension is enabled, but shows no {kind}"
addon_utils.disable(MODULE)
clean = traces()
for kind in clean.keys() - {"names in drivers", "search path"}:
    assert not clean[kind], (kind, clean[kind])
for turn in range(20):
    addon_utils.enable(MODULE)
    assert (now := traces()) == enabled, (turn, differences(enabled, now))
    addon_utils.disable(MODULE)
    assert (now := traces()) == clean, (turn, differences(clean, now))
leave()
""")
