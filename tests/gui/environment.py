"""A Debian with Blender and a virtual screen, in a folder: ``python tests/gui/environment.py``.

Prints the folder once it is there. The tests of the real window run in it, because few build machines have
a Blender with a window. It needs root, ``debootstrap``, the right to make namespaces, and a Debian mirror,
which is the one that this machine's own apt is set up with. Where one of these is missing, one line says so
and the exit code is 77, which the Makefile takes for "skipped".
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SKIPPED = 77

RELEASE = "trixie"
PACKAGES = (
    "blender", "xvfb", "libgl1-mesa-dri", "libegl1", "libegl-mesa0", "libgl1", "imagemagick", "xdotool",
    "python3-numpy", "python3-yaml",
)  # fmt: skip
PYTHON = "3.13"
"""Python of that Debian, for which the command line's packages are chosen."""

SITE = "opt/pasyn/site"
LAUNCHER = "opt/pasyn/bin/pasyn"
REPOSITORY_INSIDE = "/repository"

# Neither manuals nor translations are read here, and a folder that is thrown away when half done needs no
# syncing after every file.
_DPKG_OPTIONS = """\
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
force-unsafe-io
"""
_NO_SERVICES = "#!/bin/sh\nexit 101\n"
_PASYN = f"""\
#!/bin/sh
# The command line from the repository, with packages for this Debian's Python.
export PYTHONPATH={REPOSITORY_INSIDE}:/{SITE} PYTHONDONTWRITEBYTECODE=1
exec python3 -c "from render_jobs.entry import main; main()" "$@"
"""
_INSTALL = """\
set -e
mount -t proc proc "$1/proc"
mount --bind /sys "$1/sys"
mount --rbind /dev "$1/dev"
touch "$1/etc/resolv.conf" && mount --bind /etc/resolv.conf "$1/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
root="$1"; shift
chroot "$root" apt-get update -qq
chroot "$root" apt-get install -y -qq --no-install-recommends "$@"
chroot "$root" apt-get clean
"""


class UnavailableError(Exception):
    """The environment cannot be had on this machine; the message says why."""


def cache_folder() -> Path:
    """Where environments are kept: ``PASYN_GUI_CACHE``, or ``build/gui`` of the repository."""
    return Path(os.environ.get("PASYN_GUI_CACHE") or REPOSITORY / "build" / "gui").absolute()


def require() -> Path:
    """Return the environment's root folder, built if need be.

    A folder that was left half done, or made by another recipe, is built anew.

    Raises
    ------
    UnavailableError
        Something that it takes is not there.
    """
    _check_rights()
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    recipe = _recipe()
    with _locked(cache / "lock"):
        root = cache / RELEASE
        if _stamp(root) == recipe:
            return root
        partial = cache / f"{RELEASE}.partial"
        for left in (partial, root):
            if left.exists():
                shutil.rmtree(left)
        _build(partial)
        (partial / "recipe").write_text(recipe, encoding="utf-8")
        partial.rename(root)
        return root


def _recipe() -> str:
    ingredients = [RELEASE, PACKAGES, PYTHON, _requirements(), _DPKG_OPTIONS, _PASYN, _INSTALL]
    return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()


def _stamp(root: Path) -> str:
    stamp = root / "recipe"
    return stamp.read_text(encoding="utf-8") if stamp.is_file() else ""


def _requirements() -> list[str]:
    """What the command line needs beside Blender, from ``pyproject.toml``, for a Python without numpy 1."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line for line in project["dependencies"] if not line.startswith("bpy")]
    return ["numpy>=2" if line.startswith("numpy") else line for line in named]


def _check_rights() -> None:
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        raise UnavailableError("the real window is tested on Linux on x86-64 only")
    if os.geteuid() != 0:
        raise UnavailableError("root is needed to set up a Debian with a window")
    for program in ("debootstrap", "unshare", "setpriv", "chroot"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed")
    namespaces = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    if subprocess.run(namespaces, capture_output=True, check=False).returncode != 0:
        raise UnavailableError("this machine allows no namespaces (a container without rights?)")


def _mirror() -> str:
    """The Debian mirror that this machine's apt is set up with."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)", "Created-By: Packages"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    rows = [line.split("|") for line in done.stdout.splitlines() if line.count("|") == 2]
    # Before the first `apt-get update` apt knows addresses, but not whose they are.
    mirrors = [
        address
        for address, origin, label in rows
        if (origin == label == "Debian") or address.rstrip("/").endswith("/debian")
    ]
    if not mirrors:
        raise UnavailableError("this machine's apt is set up with no Debian mirror")
    return mirrors[0].rstrip("/")


def _build(root: Path) -> None:
    mirror = _mirror()
    proxy = _setting("Acquire::http::Proxy")
    environment = {**os.environ, **({"http_proxy": proxy} if proxy else {})}
    base = ["debootstrap", "--variant=minbase", RELEASE, str(root), mirror]
    _do(base, f"Debian {RELEASE} cannot be had from this machine's mirror", environment)
    _write(root / "etc/dpkg/dpkg.cfg.d/lean", _DPKG_OPTIONS)
    _write(root / "usr/sbin/policy-rc.d", _NO_SERVICES, executable=True)
    if proxy:
        _write(root / "etc/apt/apt.conf.d/proxy", f'Acquire::http::Proxy "{proxy}";\n')
    # Mounts of a namespace of their own go away with the last process in it, whatever happens.
    install = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
    install += ["bash", "-c", _INSTALL, "install", str(root), *PACKAGES]
    _do(install, "Blender cannot be installed", environment)
    packages = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
        "--target", str(root / SITE), "--python-version", PYTHON, "--only-binary=:all:",
        "--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64",
        *_requirements(),
    ]  # fmt: skip
    _do(packages, "the command line's packages cannot be downloaded", environment)
    _write(root / LAUNCHER, _PASYN, executable=True)


def _setting(name: str) -> str:
    done = subprocess.run(["apt-config", "dump", name], capture_output=True, text=True, check=False)
    return done.stdout.partition('"')[2].partition('"')[0]


def _do(command: Sequence[str], failing: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False
    )
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"{failing}: {last}")


def _write(path: Path, text: str, *, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if executable:
        path.chmod(0o755)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build the environment, or say in a line why there is none."""
    try:
        print(require())
    except UnavailableError as error:
        print(f"the real window is not tested here: {error}")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
