"""The plan: shots that depend on job, seed and index alone, drawn as the job says."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import BackgroundError, JobError, OutputError, RigError
from render_jobs.job import CameraRanges, CoatRanges, Job, LightRanges, Limits, PoseSettings, SplitSettings
from render_jobs.plan import RigFacts, chosen_actions, plan, plan_shot
from render_jobs.shot import Shot

JOB = Job(species="zebra", animal="zebra", images=40, poses=PoseSettings("actions"))
FACTS = RigFacts((("Walk", 0.0, 24.0), ("Eating", 1.0, 145.0), ("Gallop", 0.0, 14.0)), name="zebra")
EXPECTED = (
    "Walk",
    "val",
    18.878255747018567,
    276.75668438342825,
    0.0010422916127175252,
    165.04573394163918,
    -0.001974685492326326,
)


def test_a_shot_does_not_depend_on_how_many_there_are_or_who_asks() -> None:
    shots = plan(JOB, FACTS)
    assert [shot.index for shot in shots] == list(range(40))
    more = plan(replace(JOB, images=60), FACTS)
    assert more[:40] == shots
    for shard in (3, 7):
        by_shards = [plan_shot(JOB, FACTS, i) for k in range(shard) for i in range(k, 40, shard)]
        assert sorted(by_shards, key=lambda shot: shot.index) == shots
    assert plan_shot(JOB, FACTS, 59) == more[59]


def test_a_shot_does_not_depend_on_the_order_the_rig_lists_its_actions_in() -> None:
    assert plan(JOB, RigFacts(FACTS.actions[::-1])) == plan(JOB, FACTS)


def test_limits_and_species_decide_nothing() -> None:
    other = replace(JOB, limits=Limits(shot_seconds=1), species="donkey")
    assert plan(other, FACTS) == plan(JOB, FACTS)


def test_seeds_differ_and_zero_is_one() -> None:
    first, second = plan(JOB, FACTS), plan(replace(JOB, seed=1), FACTS)
    assert all(a != b for a, b in zip(first, second, strict=True))
    assert plan(replace(JOB, seed=0), FACTS) == first
    assert len({shot.camera.azimuth for shot in first}) == 40
    # Seeds wider than a machine word still differ from their lower half.
    assert plan(replace(JOB, seed=2**32), FACTS) != first


def test_the_plan_stays_what_it_was() -> None:
    # Old datasets are extended and re-rendered: this shot may never change. A draw added rightly (at the end
    # of its subject, or as a new subject) leaves it alone.
    shot = plan_shot(JOB, FACTS, 5)
    assert (shot.action, shot.split) == EXPECTED[:2]
    found = (shot.frame, shot.camera.azimuth, shot.camera.offset[0], shot.light.world_rotation, shot.coat.hue)
    assert found == pytest.approx(EXPECTED[2:], rel=1e-12)


def test_one_subject_does_not_disturb_another() -> None:
    other = replace(JOB, camera=CameraRanges(azimuth=(0, 10)), actions=("Gallop",), split=SplitSettings(1.0))
    for before, after in zip(plan(JOB, FACTS), plan(other, FACTS), strict=True):
        assert (before.light, before.coat, before.background) == (after.light, after.coat, after.background)
        assert before.camera.elevation == after.camera.elevation


def test_draws_stay_in_their_ranges_and_fill_them() -> None:
    job = replace(JOB, images=2000, camera=CameraRanges(truncation=(0.0, 0.3), off_centre=(0.02, 0.1)))
    shots = plan(job, FACTS)
    for section, ranges in (("camera", job.camera), ("light", job.light), ("coat", job.coat)):
        for name in ranges.__dataclass_fields__:
            bounds = getattr(ranges, name)
            if name in ("off_centre", "worlds", "individuals", "sun_follows_world"):
                continue
            values = np.array([getattr(getattr(shot, section), name) for shot in shots])
            low, high = bounds
            assert low <= values.min() < low + 0.02 * (high - low), name
            assert high - 0.02 * (high - low) < values.max() <= high, name
    distances = [np.hypot(*shot.camera.offset) for shot in shots]
    assert min(distances) >= 0.02 - 1e-9 and max(distances) <= 0.1 + 1e-9
    individuals = [shot.coat.individual for shot in shots]
    first, last = job.coat.individuals
    assert set(individuals) == set(range(first, last + 1))
    assert set(Counter(shot.light.world for shot in shots)) == set(job.light.usable_worlds)
    assert all(0 <= shot.light.world_rotation < 360 for shot in shots)


def test_the_animal_stays_in_the_frame_unless_truncation_is_asked_for() -> None:
    job = replace(JOB, images=500, camera=CameraRanges(fill=(0.8, 1.0), off_centre=(0.0, 0.3)))
    for shot in plan(job, FACTS):
        for shift in shot.camera.offset:
            assert abs(shift) + shot.camera.fill / 2 <= 0.5 + 1e-12
    cut = replace(JOB, images=200, camera=CameraRanges(off_centre=(0.0, 0.0), truncation=(0.1, 0.2)))
    for shot in plan(cut, FACTS):
        # The offset's larger component says which side is cut off, so there has to be one.
        assert max(abs(shift) for shift in shot.camera.offset) > 1e-4


def test_elevation_is_uniform_on_the_sphere() -> None:
    job = replace(JOB, images=4000, camera=CameraRanges(elevation=(-90.0, 90.0)))
    sines = np.sin(np.radians([shot.camera.elevation for shot in plan(job, FACTS)]))
    assert np.abs(np.histogram(sines, bins=10, range=(-1, 1))[0] / 4000 - 0.1).max() < 0.025


def test_long_clips_get_more_shots_but_do_not_drown_short_ones() -> None:
    shots = plan(replace(JOB, images=4000), FACTS)
    counts = Counter(shot.action for shot in shots)
    weights = {name: np.sqrt(end - start) for name, start, end in FACTS.actions}
    for name, weight in weights.items():
        assert counts[name] / 4000 == pytest.approx(weight / sum(weights.values()), abs=0.03)
    for name, start, end in FACTS.actions:
        frames = [shot.frame for shot in shots if shot.action == name]
        assert start <= min(frames) and max(frames) < end
        assert np.mean(frames) == pytest.approx((start + end) / 2, abs=0.08 * (end - start))


def test_fixed_ranges_fix_the_shot() -> None:
    camera = CameraRanges(*(((value, value)) for value in (90.0, 7.0, 0.0, 50.0, 0.7, 0.0, 0.0)))
    light = LightRanges((1.0, 1.0), (33.0, 33.0), (2.0, 2.0), ("/sky.hdr",), (1.0, 1.0))
    job = replace(JOB, camera=camera, light=light, coat=CoatRanges(individuals=(5, 5)))
    facts = RigFacts((("Idle", 3.0, 3.0),))
    for shot in plan(job, facts):
        assert (shot.action, shot.frame) == ("Idle", 3.0)
        assert (shot.camera.azimuth, shot.camera.elevation, shot.camera.focal_length) == (90.0, 7.0, 50.0)
        assert (shot.camera.offset, shot.camera.fill) == ((0.0, 0.0), 0.7)
        assert (shot.light.sun_elevation, shot.light.world) == (33.0, "/sky.hdr")
        assert shot.coat.individual == 5


def test_azimuths_below_zero_come_round() -> None:
    job = replace(JOB, images=300, camera=CameraRanges(azimuth=(-10.0, 10.0)))
    azimuths = np.array([shot.camera.azimuth for shot in plan(job, FACTS)])
    assert ((azimuths >= 350) | (azimuths <= 10)).all()
    assert (azimuths >= 350).any() and (azimuths <= 10).any()


def test_split_takes_its_share_whatever_the_extremes() -> None:
    splits = [shot.split for shot in plan(replace(JOB, images=4000), FACTS)]
    assert splits.count("val") / 4000 == pytest.approx(0.1, abs=0.02)
    assert {shot.split for shot in plan(replace(JOB, split=SplitSettings(0.0)), FACTS)} == {"train"}
    assert {shot.split for shot in plan(replace(JOB, split=SplitSettings(1.0)), FACTS)} == {"val"}
    # A larger share keeps what is in validation there.
    small = plan(replace(JOB, split=SplitSettings(0.2)), FACTS)
    large = plan(replace(JOB, split=SplitSettings(0.5)), FACTS)
    assert {s.index for s in small if s.split == "val"} <= {s.index for s in large if s.split == "val"}


def test_action_patterns() -> None:
    names = lambda *patterns: [  # noqa: E731
        name for name, _, _ in chosen_actions(replace(JOB, actions=patterns), FACTS)
    ]
    assert names() == ["Eating", "Gallop", "Walk"]
    assert names("walk") == ["Walk"]
    assert names("*al*", "Eating") == ["Eating", "Gallop", "Walk"]
    assert names("-Eat*") == ["Gallop", "Walk"]
    assert names("-Death*") == ["Eating", "Gallop", "Walk"]
    assert names("*", "-Walk") == ["Eating", "Gallop"]
    brackets = RigFacts((("Walk[1]", 0, 1), ("-odd", 0, 1)))
    assert [a[0] for a in chosen_actions(replace(JOB, actions=("Walk[1]",)), brackets)] == ["Walk[1]"]
    assert [a[0] for a in chosen_actions(replace(JOB, actions=("-odd",)), brackets)] == ["-odd"]


def test_a_pattern_that_matches_nothing_lists_what_there_is() -> None:
    with pytest.raises(JobError) as caught:
        plan(replace(JOB, actions=("Walk", "Galop")), FACTS)
    message = str(caught.value)
    assert "actions: found 'Galop'" in message
    assert "did you mean 'Gallop'?" in message
    assert "the rig has 'Eating', 'Gallop', 'Walk'" in message
    with pytest.raises(JobError, match="leave no action"):
        plan(replace(JOB, actions=("-*",)), FACTS)


def test_a_rig_without_actions_is_an_error_of_the_rig() -> None:
    with pytest.raises(RigError, match=r"horse\.glb: found no action"):
        plan(JOB, RigFacts((), name="horse.glb"))


def test_photos_are_drawn_evenly_and_change_nothing_else(tmp_path: Path) -> None:
    job = replace(JOB, images=1000, backgrounds=(tmp_path, tmp_path))
    photos = ((0, "a.jpg"), (0, "b/c.jpg"), (1, "a.jpg"))
    shots = plan(job, FACTS, photos)
    counts = Counter((shot.background.folder, shot.background.photo) for shot in shots)
    assert set(counts) == set(photos)
    assert min(counts.values()) > 250
    assert 0.4 < np.mean([shot.background.mirror for shot in shots]) < 0.6
    for shot in shots:
        assert all(0 <= value <= 1 for value in shot.background.crop[:2])
        assert 0.6 <= shot.background.crop[2] <= 1
    # Where the photos are not known (in Blender's Python) everything else is drawn alike.
    unknown = plan(job, FACTS)
    for with_photo, without in zip(shots, unknown, strict=True):
        assert without.background == replace(with_photo.background, photo=None, folder=0)
        assert replace(without, background=with_photo.background) == with_photo
    with pytest.raises(BackgroundError, match="no usable photo"):
        plan(job, FACTS, ())


def test_views_of_the_world_are_neither_cropped_nor_mirrored() -> None:
    for shot in plan(JOB, FACTS, ((0, "ignored.jpg"),)):
        assert shot.background.photo is None
        assert (shot.background.crop, shot.background.mirror) == ((0.5, 0.5, 1.0), False)


def test_shots_and_facts_survive_json() -> None:
    for shot in plan(JOB, FACTS)[:5]:
        assert Shot.from_dict(json.loads(shot.to_json())) == shot
    facts = replace(FACTS, bone_count=3, vertex_count=4, triangle_count=5)
    assert RigFacts.from_dict({**json.loads(json.dumps(facts.to_dict())), "later": 1}) == facts
    for damaged in ({}, {"actions": [["Walk"]]}, {"actions": [["Walk", "a", 2]]}, {"actions": 3}, []):
        with pytest.raises(OutputError, match=r"rig\.json"):
            RigFacts.from_dict(damaged)  # type: ignore[arg-type]
