"""Build the Blender extension: ``python build_extension.py [--output-dir dist]``.

The repository is a Python package first; the extension is that package with the manifest beside its
``__init__.py``, the shipped assets inside it, and PyYAML as wheels, because Blender does not bundle it.
Blender's own extension tool, found in the ``bpy`` wheel, builds and validates the archive.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent
MANIFEST = "blender_manifest.toml"

PYYAML = "pyyaml==6.0.3"
# Python 3.11 is in Blender 4.2 to 5.0, 3.13 in later ones and in Linux distributions' own builds.
PYTHON_VERSIONS = ("3.11", "3.13")
WHEEL_PLATFORMS = ("manylinux2014_x86_64", "macosx_10_13_x86_64", "macosx_11_0_arm64", "win_amd64")

# Networks train outside Blender: what imports torch stays out of the archive.
EXCLUDED = ("__pycache__", "*.pyc", "*.partial-*", "estimation")

# Species, joint limits, priors and their cards; pictures of how a prior learnt stay in the repository.
ASSETS = (".yaml", ".npz", ".json")

# ZIP's first date, so that the same sources give the same archive whenever they are built.
FIXED_DATE = 315619200


class BuildError(Exception):
    """The extension cannot be built; the message says what is missing."""


def extension_tool() -> Path:
    """Blender's command line tool for extensions, taken from the installed ``bpy`` package.

    It runs under plain Python, so Blender itself is not started.

    Raises
    ------
    BuildError
        The ``bpy`` package is not installed, or carries no such tool.
    """
    found = importlib.util.find_spec("bpy")
    if found is None or found.origin is None:
        raise BuildError("the bpy package is not installed here; run this with the project's environment")
    tools = sorted(Path(found.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not tools:
        raise BuildError(f"no blender_ext.py under {Path(found.origin).parent}; bpy 4.2 or later carries it")
    return tools[-1]


def wheels(folder: Path) -> list[Path]:
    """PyYAML for every platform and Python, downloaded into ``folder`` unless they lie there already.

    Raises
    ------
    BuildError
        A download failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    collected = []
    for python in PYTHON_VERSIONS:
        tag = "cp" + python.replace(".", "")
        for platform in WHEEL_PLATFORMS:
            pattern = f"{PYYAML.replace('==', '-')}-{tag}-{tag}-*{platform}*.whl"
            if not any(folder.glob(pattern)):
                _download(folder, python, platform, tag)
            collected += sorted(folder.glob(pattern))[:1]
    missing = len(PYTHON_VERSIONS) * len(WHEEL_PLATFORMS) - len(collected)
    if missing:
        raise BuildError(f"{missing} wheels of {PYYAML} are missing in {folder} after the download")
    return collected


def _download(folder: Path, python: str, platform: str, tag: str) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
        "--platform", platform, "--python-version", python, "--implementation", "cp", "--abi", tag,
        "--dest", str(folder), PYYAML,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BuildError(f"cannot download {PYYAML} for {platform}, Python {python}: {last}")


def stage(folder: Path, wheel_files: list[Path]) -> None:
    """Lay the extension out as its archive will be: manifest and package contents at the top."""
    ignore = shutil.ignore_patterns(*EXCLUDED)
    shutil.copytree(REPOSITORY / "pasyn_blender", folder, dirs_exist_ok=True, ignore=ignore)
    for asset in sorted((REPOSITORY / "assets").rglob("*")):
        if asset.suffix in ASSETS:
            target = folder / asset.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(asset, target)
    licence = REPOSITORY / "LICENSE"
    if licence.is_file():
        shutil.copy(licence, folder / "LICENSE")
    (folder / "wheels").mkdir()
    for wheel in wheel_files:
        shutil.copy(wheel, folder / "wheels" / wheel.name)
    listed = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in wheel_files)
    manifest = (REPOSITORY / MANIFEST).read_text(encoding="utf-8")
    # A key of the top table must stand before the first table.
    head, first_table, tables = manifest.partition("\n[permissions]")
    (folder / MANIFEST).write_text(f"{head}\nwheels = [\n{listed}]\n{first_table}{tables}", encoding="utf-8")
    for path in folder.rglob("*"):
        os.utime(path, (FIXED_DATE, FIXED_DATE))


def _run_tool(*arguments: str) -> None:
    command = [sys.executable, str(extension_tool()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"Blender's extension tool refused:\n{(done.stdout + done.stderr).strip()}")


def build(output: Path, wheel_folder: Path) -> Path:
    """Build and validate the archive.

    Parameters
    ----------
    output
        Folder of the archive, created when missing.
    wheel_folder
        Where downloaded wheels are kept between builds.

    Returns
    -------
    Path
        The archive, ``pasyn_blender-<version>.zip``.

    Raises
    ------
    BuildError
        A wheel cannot be had, or Blender's tool finds the extension invalid.
    """
    output.mkdir(parents=True, exist_ok=True)
    wheel_files = wheels(wheel_folder)
    with tempfile.TemporaryDirectory(prefix="pasyn-extension-") as scratch:
        source = Path(scratch) / "source"
        archives = Path(scratch) / "archive"
        archives.mkdir()
        stage(source, wheel_files)
        _run_tool("build", f"--source-dir={source}", f"--output-dir={archives}")
        (built,) = archives.glob("*.zip")
        _run_tool("validate", str(built))
        return Path(shutil.move(built, output / built.name))


def main() -> int:
    """Build from the command line; prints the archive's path."""
    parser = argparse.ArgumentParser(description="Build PASyn's Blender extension and validate it.")
    parser.add_argument("--output-dir", type=Path, default=REPOSITORY / "dist", help="folder of the archive")
    parser.add_argument(
        "--wheels", type=Path, default=REPOSITORY / "build" / "wheels", help="kept wheels of PyYAML"
    )
    arguments = parser.parse_args()
    try:
        archive = build(arguments.output_dir, arguments.wheels)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
