"""Corpora whose every number is known: animals that swing their legs, as one, two or three variables say."""

from __future__ import annotations

import numpy as np

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.prior.corpus import Clip, Corpus, canonical_corpus

LACKING = ("left_scapula", "right_scapula", "tail_end")
"""What the third animal has not."""


def swinging_clip(
    animal: str,
    action: str,
    frames: int = 60,
    swing: float = 0.5,
    lean: float = 0.0,
    phase: float = 0.0,
    lacking: tuple[str, ...] = (),
    heading: float = 0.0,
) -> Clip:
    """Legs that swing by ``swing`` radians, a neck and tail that hang by ``lean``."""
    time = np.linspace(0, 2 * np.pi, frames, endpoint=False)
    turns = np.zeros((frames, len(JOINTS), 3))
    for number, name in enumerate(JOINTS):
        side = np.pi if name.startswith("right") else 0.0
        if any(part in name for part in ("upper_arm", "thigh")):
            turns[:, number, 0] = swing * np.sin(time + side + phase)
        elif any(part in name for part in ("forearm", "shin", "cannon")):
            turns[:, number, 0] = 0.6 * swing * (1 + np.cos(time + side + phase))
        elif "neck" in name or "tail" in name:
            turns[:, number, 0] = lean
            turns[:, number, 2] = 0.1 * np.sin(time + phase)
    turns[:, 0, 2] = heading
    known = np.array([name not in lacking for name in JOINTS])
    turns[:, ~known] = 0
    offsets = STANCE_OFFSETS.astype(np.float32).copy()
    offsets[~known] = 0
    return Clip(
        name=f"{animal} {action} {swing} {lean}",
        animal=animal,
        species=animal.rstrip("0123456789"),
        action=action,
        rate=30.0,
        rotations=from_turn(turns).astype(np.float32),
        known=known,
        offsets=offsets,
        root=np.zeros((frames, 3), np.float32),
        clearance=np.zeros((frames, 4), np.float32),
    )


def swinging_animals() -> Corpus:
    """Three animals, four clips each, nine hundred poses."""
    clips = []
    for animal, lean, lacking in (("horse1", 0.2, ()), ("horse2", 0.0, ()), ("fox1", -0.3, LACKING)):
        for action, swing, frames in (
            ("walk", 0.3, 80),
            ("walk", 0.4, 60),
            ("gallop", 0.8, 40),
            ("eat", 0.05, 120),
        ):
            drop = 0.5 if action == "eat" else 0.0
            clips.append(
                swinging_clip(
                    animal, action, frames, swing, lean + drop, phase=len(clips), lacking=lacking, heading=0.7
                )
            )
    return canonical_corpus(clips, licence="CC0")


def single_clip(rotations: np.ndarray) -> Corpus:
    """One clip of joints that form no skeleton."""
    frames, joints = rotations.shape[:2]
    clip = Clip(
        name="all",
        animal="published",
        species="",
        action="",
        rate=30.0,
        rotations=rotations.astype(np.float32),
        known=np.ones(joints, bool),
        offsets=np.zeros((joints, 3), np.float32),
        root=np.zeros((frames, 3), np.float32),
        clearance=np.full((frames, 4), np.nan, np.float32),
    )
    return Corpus(tuple(f"joint{i}" for i in range(joints)), (-1,) * joints, (clip,))
