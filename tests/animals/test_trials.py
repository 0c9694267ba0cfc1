"""Motions that are tried together come out as each would alone."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.cycles import Cycles
from pasyn_blender.animals.gait_tables import GAITS, STEPS
from pasyn_blender.animals.gaits import gait_motion
from pasyn_blender.animals.jumps import jump_motion
from pasyn_blender.animals.trials import tried_together


@pytest.mark.parametrize("species", ["elephant", "dog"])
def test_what_comes_of_a_motion_does_not_depend_on_those_beside_it(species: str) -> None:
    model = animal_model(species, 0)
    family = model.plan.family
    names = list(GAITS[family])[:4]

    def motions() -> list:  # type: ignore[type-arg]
        return [
            *(gait_motion(name, model.bones, family) for name in names),
            jump_motion("jump_high", model.bones, family),
        ]

    together = tried_together(model.bones, STEPS[family], motions())
    for number, clip in enumerate(together):
        (alone,) = tried_together(model.bones, STEPS[family], motions()[number : number + 1])
        assert alone.name == clip.name and (alone.speed, alone.miss) == (clip.speed, clip.miss)
        assert np.abs(alone.turns - clip.turns).max() < 1e-12
        assert np.abs(alone.offset - clip.offset).max() < 1e-12
        assert (alone.stance == clip.stance).all()


def test_cycles_are_smoothed_and_spread_each_in_itself() -> None:
    random = np.random.default_rng(0)
    curves = [np.append(curve, curve[0]) for curve in (random.random(17), random.random(40))]
    both = Cycles([len(curve) for curve in curves])
    for smooth in (Cycles.smoothed, Cycles.spread):
        alone = [smooth(Cycles([len(curve)]), curve) for curve in curves]
        assert (smooth(both, np.concatenate(curves)) == np.concatenate(alone)).all()
    spread = both.spread(np.concatenate(curves))
    assert (spread >= np.concatenate(curves) - 1e-12).all(), "never less than is needed"
    assert spread[0] == spread[17] and spread[18] == spread[-1]
