"""Shards come from the command line or a cluster's array variables, and an unknown count is an error."""

from __future__ import annotations

import pytest

from pasyn_blender.errors import JobError
from render_jobs.shards import Shard, parse_shard, shard_from_environment


def test_shards_divide_the_shots() -> None:
    shards = [parse_shard(f"{k}/3") for k in range(3)]
    assert [sum(index in shard for shard in shards) for index in range(20)] == [1] * 20


@pytest.mark.parametrize("text", ["3/3", "1", "a/b", "-1/2", "0/0", "1/2/3", ""])
def test_a_wrong_shard_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(JobError, match="--shard"):
        parse_shard(text)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        (
            {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_MAX": "9"},
            Shard(2, 5),
        ),
        (
            {
                "SLURM_ARRAY_TASK_ID": "9",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_ARRAY_TASK_MAX": "13",
                "SLURM_ARRAY_TASK_STEP": "4",
                "SLURM_ARRAY_TASK_COUNT": "4",
            },
            Shard(2, 4),
        ),
        (  # one task of eight again: the array knows only itself, the person says the rest
            {
                "SLURM_ARRAY_TASK_ID": "3",
                "SLURM_ARRAY_TASK_MIN": "3",
                "SLURM_ARRAY_TASK_MAX": "3",
                "PASYN_SHARDS": "8",
            },
            Shard(3, 8),
        ),
        ({"LSB_JOBINDEX": "0"}, None),
        ({"LSB_JOBINDEX": "3", "LSB_JOBINDEX_END": "8", "LSB_JOBINDEX_STEP": "1"}, Shard(2, 8)),
        ({"SGE_TASK_ID": "undefined"}, None),
        (
            {
                "SGE_TASK_ID": "5",
                "SGE_TASK_FIRST": "1",
                "SGE_TASK_LAST": "7",
                "SGE_TASK_STEPSIZE": "2",
            },
            Shard(2, 4),
        ),
        ({"PBS_ARRAY_INDEX": "4", "PASYN_SHARDS": "6"}, Shard(4, 6)),
        ({"PBS_ARRAYID": "1", "PASYN_SHARD_FIRST": "1", "PASYN_SHARDS": "6"}, Shard(0, 6)),
        ({"JOB_COMPLETION_INDEX": "2", "PASYN_SHARDS": "3"}, Shard(2, 3)),
        ({"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "4"}, Shard(2, 4)),
    ],
)
def test_array_variables_are_understood(variables: dict[str, str], expected: Shard | None) -> None:
    assert shard_from_environment(variables) == expected


@pytest.mark.parametrize(
    "variables",
    [
        {"PBS_ARRAY_INDEX": "4"},
        {"JOB_COMPLETION_INDEX": "0"},
        {"SLURM_ARRAY_TASK_ID": "1"},
        {"LSB_JOBINDEX": "2"},
    ],
)
def test_an_unknown_count_is_an_error_that_says_what_to_set(variables: dict[str, str]) -> None:
    with pytest.raises(JobError, match="PASYN_SHARDS"):
        shard_from_environment(variables)


def test_a_task_beyond_the_count_is_an_error() -> None:
    with pytest.raises(JobError, match="shard 6 of 6"):
        shard_from_environment({"PBS_ARRAY_INDEX": "6", "PASYN_SHARDS": "6"})


def test_a_variable_that_is_no_number_is_named() -> None:
    with pytest.raises(JobError, match="SLURM_ARRAY_TASK_ID"):
        shard_from_environment({"SLURM_ARRAY_TASK_ID": "x"})


def test_holes_in_a_slurm_array_are_refused() -> None:
    """--array=1,2,9 would leave shots of the missing tasks out."""
    holes = {
        "SLURM_ARRAY_TASK_ID": "9",
        "SLURM_ARRAY_TASK_MIN": "1",
        "SLURM_ARRAY_TASK_MAX": "9",
        "SLURM_ARRAY_TASK_COUNT": "3",
    }
    with pytest.raises(JobError, match="SLURM_ARRAY_TASK_COUNT"):
        shard_from_environment(holes)
