"""Writes BVH files of a known quadruped in known motion, as programs with other habits would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import PARENTS, STANCE, TIPS

# Body axes (left, backward, up) as rows in the file's axes.
Y_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
Z_UP = np.eye(3)
X_FACING = np.array([[0.0, 0, -1], [-1, 0, 0], [0, 1, 0]])


def walking(frames: int = 48, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(F, J, 3, 3) canonical rotations that begin in the stance, and (F, 3) root."""
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(frames) / 24
    turns = np.zeros((frames, len(JOINTS), 3))
    for row, name in enumerate(JOINTS):
        if name in ("pelvis", "spine", "chest"):
            turns[:, row] = np.radians(3) * np.sin(phase)[:, None] * rng.uniform(-1, 1, 3)
        elif name.startswith(("left", "right")):
            lag = (
                0
                if name.startswith("left") == ("hind" in name or "thigh" in name or "shin" in name)
                else np.pi
            )
            turns[:, row, 0] = np.radians(14) * (np.sin(phase + lag) - np.sin(lag)) * rng.uniform(0.3, 1)
        else:
            turns[:, row] = np.radians(12) * np.sin(phase)[:, None] * rng.uniform(-1, 1, 3)
    root = np.array([0.0, 0.0, STANCE["pelvis"][2]]) + np.arange(frames)[:, None] * [0, -0.04, 0]
    return from_turn(turns), root


def write_bvh(
    path: Path,
    local: np.ndarray,
    root: np.ndarray,
    *,
    axes: np.ndarray = Y_UP,
    scale: float = 100.0,
    order: str = "ZXY",
    names: Sequence[str] | None = None,
    zero_seed: int | None = None,
    joints: Sequence[str] = JOINTS,
    heading: np.ndarray | None = None,
) -> Path:
    """Write canonical poses as BVH.

    Parameters
    ----------
    path
        File to write.
    local, root
        (F, J, 3, 3) and (F, 3) in body axes, trunk lengths.
    axes
        (3, 3) body axes as rows in the file's axes.
    scale
        File units of a trunk.
    order
        Axes of the Euler angles, in the order of the channels.
    names
        Names of the joints.
    zero_seed
        Turn each joint's own axes at random, so that the pose of zero rotations stands nowhere near.
    joints
        Canonical joints the skeleton has; others' rotations go to their children.
    heading
        (F,) radians to the left that the whole animal is turned.
    """
    rows = [JOINTS.index(name) for name in joints]
    total = np.empty_like(local)
    for joint, parent in enumerate(PARENTS):
        total[:, joint] = local[:, joint] if parent < 0 else total[:, parent] @ local[:, joint]
    place = {name: STANCE[name] - STANCE["pelvis"] for name in STANCE}
    parents = []
    for row in rows:
        above = PARENTS[row]
        while above >= 0 and above not in rows:
            above = PARENTS[above]
        parents.append(rows.index(above) if above >= 0 else -1)
    own = Rotation.random(len(rows), random_state=zero_seed).as_matrix() if zero_seed is not None else None
    own = np.tile(np.eye(3), (len(rows), 1, 1)) if own is None else own
    world = np.einsum("ji,fbjk,kl->fbil", axes, total[:, rows], axes)
    path_places = root.copy()
    if heading is not None:
        turn = from_turn(np.outer(heading, axes[2]))
        world = turn[:, None] @ world
        steps = np.diff(root, axis=0) @ axes
        moved = np.cumsum(np.einsum("fij,fj->fi", turn[1:], steps), axis=0)
        path_places[1:] = (moved @ axes.T) + root[0]
    world = world @ own
    names = names or [f"j{7 * i % 31}x" for i in range(len(rows))]
    lines = ["HIERARCHY"]

    def write(index: int, depth: int) -> None:
        pad = "\t" * depth
        name = joints[index]
        parent = parents[index]
        offset = np.zeros(3) if parent < 0 else (place[name] - place[joints[parent]]) @ axes * scale
        offset = offset if parent < 0 else own[parent].T @ offset
        channels = [f"{axis}rotation" for axis in order]
        if parent < 0:
            channels = ["Xposition", "Yposition", "Zposition", *channels]
        lines.append(f"{pad}{'ROOT' if parent < 0 else 'JOINT'} {names[index]}")
        lines.append(pad + "{")
        lines.append(f"{pad}\tOFFSET " + " ".join(f"{value:.6f}" for value in offset))
        lines.append(f"{pad}\tCHANNELS {len(channels)} {' '.join(channels)}")
        written.append(index)
        children = [i for i, above in enumerate(parents) if above == index]
        for child in children:
            write(child, depth + 1)
        tip = next((TIPS[n] for n in _downward(name) if n in TIPS), None)
        if not children or name == "head":
            end = own[index].T @ (((place[tip] if tip else place[name]) - place[name]) @ axes * scale)
            lines.extend([f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET " + " ".join(
                f"{value:.6f}" for value in end), pad + "\t}"])  # fmt: skip
        lines.append(pad + "}")

    written: list[int] = []
    write(0, 0)
    lines += ["MOTION", f"Frames: {len(local)}", f"Frame Time: {1 / 30:.8f}"]
    for frame in range(len(local)):
        numbers = list(path_places[frame] @ axes * scale)
        for index in written:
            above = np.eye(3) if parents[index] < 0 else world[frame, parents[index]]
            numbers += list(Rotation.from_matrix(above.T @ world[frame, index]).as_euler(order, degrees=True))
        lines.append(" ".join(f"{value:.6f}" for value in numbers))
    path.write_text("\n".join(lines) + "\n")
    return path


def write_skeleton(
    path: Path,
    joints: dict[str, tuple[str, tuple[float, float, float]]],
    turns: dict[str, np.ndarray] | None = None,
    *,
    frames: int = 20,
    root: np.ndarray | None = None,
) -> Path:
    """Write a skeleton that hangs still, but for some joints.

    Parameters
    ----------
    path
        File to write.
    joints
        Name to parent (empty for the root) and place in the file's axes when nothing turns; a name that ends
        in ``!`` is the end of a chain.
    turns
        (F, 3) Euler angles X, Y, Z in degrees of joints that turn.
    root
        (F, 3) places of the root.
    """
    turns = turns or {}
    frames = len(next(iter(turns.values()))) if turns else frames
    lines = ["HIERARCHY"]
    written: list[str] = []

    def write(name: str, depth: int) -> None:
        parent, place = joints[name]
        offset = np.array(place) - (np.array(joints[parent][1]) if parent else 0)
        numbers = " ".join(f"{value:.6f}" for value in offset)
        if name.endswith("!"):
            lines.extend(["End Site", "{", f"OFFSET {numbers}", "}"])
            return
        written.append(name)
        position = "" if parent else "Xposition Yposition Zposition "
        lines.extend([f"{'JOINT' if parent else 'ROOT'} {name}", "{", f"OFFSET {numbers}"])
        lines.append(f"CHANNELS {3 if parent else 6} {position}Xrotation Yrotation Zrotation")
        for child in (other for other, (above, _) in joints.items() if above == name):
            write(child, depth + 1)
        lines.append("}")

    first = next(name for name, (parent, _) in joints.items() if not parent)
    write(first, 0)
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.0333333"]
    for frame in range(frames):
        start = np.array(joints[first][1]) if root is None else root[frame]
        values = [start, *(turns[name][frame] if name in turns else np.zeros(3) for name in written)]
        lines.append(" ".join(f"{value:.6f}" for value in np.concatenate(values)))
    path.write_text("\n".join(lines) + "\n")
    return path


def _downward(name: str) -> list[str]:
    """A joint, and the joints below it in its chain."""
    found = [name]
    for joint, parent in enumerate(PARENTS):
        if parent >= 0 and JOINTS[parent] == found[-1]:
            found.append(JOINTS[joint])
    return found
