"""Which shots a process renders: its shard, given on the command line or by a cluster's array variables.

Shot *i* belongs to shard ``i % n``. So long and short shots mix, and a job that grows keeps its shards.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pasyn_blender.errors import JobError

COUNT_VARIABLES = ("PASYN_SHARDS", "JOB_COMPLETIONS")
"""Number of shards, where a scheduler does not tell it."""


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``, counted from 0."""

    number: int
    count: int

    def __contains__(self, index: int) -> bool:
        return index % self.count == self.number

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


WHOLE = Shard(0, 1)


def parse_shard(text: str) -> Shard:
    """Read ``"k/n"``, k from 0 to n - 1.

    Raises
    ------
    JobError
        It is something else.
    """
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    if match is None:
        raise JobError(f"--shard: found {text!r}; write k/n, for example 0/8 for the first of eight")
    return _checked(int(match[1]), int(match[2]), "--shard")


def shard_from_environment(environment: Mapping[str, str] | None = None) -> Shard | None:
    """Find the shard in the variables of Slurm, LSF, PBS, SGE or a Kubernetes indexed job.

    Parameters
    ----------
    environment
        By default the process's own.

    Returns
    -------
    The shard, or None outside of an array job.

    Raises
    ------
    JobError
        It is an array job, but the number of its tasks is unknown or does not fit.
    """
    values = os.environ if environment is None else environment
    for find in (_slurm, _lsf, _sge, _pbs, _kubernetes):
        shard = find(values)
        if shard is not None:
            return shard
    return None


def _slurm(values: Mapping[str, str]) -> Shard | None:
    task = _number(values, "SLURM_ARRAY_TASK_ID")
    if task is None:
        return None
    return _from_range(
        values,
        "Slurm",
        "SLURM_ARRAY_TASK_ID",
        task,
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
    )


def _lsf(values: Mapping[str, str]) -> Shard | None:
    # Outside of an array LSF sets the index to 0.
    task = _number(values, "LSB_JOBINDEX")
    if not task:
        return None
    step = _number(values, "LSB_JOBINDEX_STEP") or 1
    last = _number(values, "LSB_JOBINDEX_END")
    count = _given_count(values)
    if count is None:
        if last is None:
            raise _unknown_count("LSF", "LSB_JOBINDEX")
        count = (last - 1) // step + 1
    return _checked((task - 1) // step, count, "LSB_JOBINDEX")


def _sge(values: Mapping[str, str]) -> Shard | None:
    # Outside of an array Grid Engine says "undefined".
    if values.get("SGE_TASK_ID", "undefined") == "undefined":
        return None
    task = _number(values, "SGE_TASK_ID")
    if task is None:
        return None
    return _from_range(
        values,
        "Grid Engine",
        "SGE_TASK_ID",
        task,
        "SGE_TASK_FIRST",
        "SGE_TASK_LAST",
        "SGE_TASK_STEPSIZE",
    )


def _pbs(values: Mapping[str, str]) -> Shard | None:
    for name in ("PBS_ARRAY_INDEX", "PBS_ARRAYID"):
        task = _number(values, name)
        if task is None:
            continue
        count = _given_count(values)
        if count is None:
            raise _unknown_count("PBS", name)
        first = _number(values, "PASYN_SHARD_FIRST") or 0
        return _checked(task - first, count, name)
    return None


def _kubernetes(values: Mapping[str, str]) -> Shard | None:
    task = _number(values, "JOB_COMPLETION_INDEX")
    if task is None:
        return None
    count = _given_count(values)
    if count is None:
        raise _unknown_count("Kubernetes", "JOB_COMPLETION_INDEX")
    return _checked(task, count, "JOB_COMPLETION_INDEX")


def _from_range(
    values: Mapping[str, str], scheduler: str, name: str, task: int, first: str, last: str, step: str
) -> Shard:
    low, high, stride = _number(values, first), _number(values, last), _number(values, step) or 1
    given = _number(values, "PASYN_SHARDS")
    if given is not None:
        # Said by the person, it wins: an array of the few tasks that are to run again does not know the rest.
        return _checked(task - (_number(values, "PASYN_SHARD_FIRST") or 0), given, name)
    if low is None or high is None:
        raise _unknown_count(scheduler, name)
    if (task - low) % stride:
        raise JobError(f"{name}={task} is none of {first}={low}, {low + stride}, … {last}={high}")
    count = (high - low) // stride + 1
    told = _number(values, "SLURM_ARRAY_TASK_COUNT") if scheduler == "Slurm" else None
    if told is not None and told != count:
        raise JobError(
            f"SLURM_ARRAY_TASK_COUNT is {told}, but tasks {low} to {high} in steps of {stride} would be "
            f"{count}: the array has holes. Submit it as --array=0-{told - 1}, or give --shard k/n"
        )
    return _checked((task - low) // stride, count, name)


def _given_count(values: Mapping[str, str]) -> int | None:
    for name in COUNT_VARIABLES:
        count = _number(values, name)
        if count is not None:
            return count
    return None


def _number(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    if not re.fullmatch(r"-?\d+", text):
        raise JobError(f"environment variable {name}: found {text!r}; it should be a whole number")
    return int(text)


def _unknown_count(scheduler: str, name: str) -> JobError:
    return JobError(
        f"this is task {name} of a {scheduler} array, but nothing says how many tasks there are; "
        f"set {COUNT_VARIABLES[0]} to their number, or give --shard k/n"
    )


def _checked(number: int, count: int, source: str) -> Shard:
    if count < 1:
        raise JobError(f"{source}: found {count} shards; there must be at least one")
    if not 0 <= number < count:
        raise JobError(
            f"{source}: found shard {number} of {count}; shards are counted from 0, "
            f"so the first is 0/{count} and the last {count - 1}/{count}"
        )
    return Shard(number, count)
