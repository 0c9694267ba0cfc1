"""The cluster example renders every shot once under each scheduler's variables, and on a real Slurm."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import REPOSITORY, delivered_files, pasyn

SCRIPT = REPOSITORY / "render_jobs" / "cluster" / "shard.sh"
KUBERNETES = REPOSITORY / "render_jobs" / "cluster" / "kubernetes.yaml"

# Says what a renderer would be asked for and which shard it would take.
ASKED = """
import sys
from render_jobs.shards import shard_from_environment
print(shard_from_environment(), *sys.argv[1:])
"""


@pytest.mark.parametrize(
    "tasks",
    [
        [{"SLURM_ARRAY_TASK_ID": f"{k}", "SLURM_ARRAY_TASK_COUNT": "8"} for k in range(8)],
        [{"SGE_TASK_ID": f"{k}", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "8"} for k in range(1, 9)],
        [{"LSB_JOBINDEX": f"{k}", "LSB_JOBINDEX_END": "8"} for k in range(1, 9)],
        [{"PBS_ARRAY_INDEX": f"{k}", "PASYN_SHARDS": "8"} for k in range(8)],
    ],
    ids=["Slurm", "Grid Engine", "LSF", "PBS"],
)
def test_the_tasks_of_an_array_take_each_shard_once(tasks: list[dict[str, str]], tmp_path: Path) -> None:
    program = tmp_path / "asked.py"
    program.write_text(ASKED)
    taken = []
    for variables in tasks:
        if "SLURM_ARRAY_TASK_ID" in variables:
            variables = {**variables, "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "7"}
        if "PBS_ARRAY_INDEX" in variables:
            variables = {**variables, "PBS_O_WORKDIR": str(REPOSITORY)}
        answer = subprocess.run(
            [SCRIPT, "a job.yaml", "an out"],
            # PBS starts in the home folder, the others where the job was submitted.
            cwd=tmp_path if "PBS_O_WORKDIR" in variables else REPOSITORY,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(REPOSITORY),
                "RENDERER": f"{sys.executable} {program}",
                **variables,
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        shard, *asked = answer.split(maxsplit=1)
        assert asked == ["render_jobs/render_job.py -- a job.yaml --out an out\n"]
        taken.append(shard)
    assert taken == [f"{k}/8" for k in range(8)]


def test_the_kubernetes_job_tells_its_pods_how_many_there_are() -> None:
    import yaml

    spec = yaml.safe_load(KUBERNETES.read_text())["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (count,) = (entry["value"] for entry in container["env"] if entry["name"] == "PASYN_SHARDS")
    assert spec["completionMode"] == "Indexed"
    assert count == str(spec["completions"])
    assert (REPOSITORY / container["command"][1]).is_file()


def _slurm_runs() -> bool:
    if shutil.which("sinfo") is None:
        return False
    answer = subprocess.run(["sinfo", "-h", "-o", "%a"], capture_output=True, text=True, timeout=30)
    return answer.returncode == 0 and answer.stdout.startswith("up")


@pytest.mark.slow
@pytest.mark.parametrize("array", ["1-3", "2-14:2"])
def test_a_slurm_array_ends_in_the_bytes_of_a_plain_run(array: str, tmp_path: Path) -> None:
    if not _slurm_runs():
        pytest.skip("no Slurm cluster answers sinfo")
    # The folder has to be one that the nodes see too; on one node any is.
    job = tmp_path / "small.yaml"
    job.write_text(
        "species: zebra\nanimal: zebra\nimages: 8\nresolution: [64, 48]\n"
        "render: {samples: 1}\ncoat: {individuals: [0, 0]}\n"
    )
    farm, plain = tmp_path / "farm", tmp_path / "plain"
    (farm / "logs").mkdir(parents=True)
    submitted = subprocess.run(
        [
            *("sbatch", "--parsable", "--cpus-per-task=1", "--time=10", f"--array={array}"),
            *(f"--output={farm}/logs/shard-%a.log", SCRIPT, job, farm),
        ],
        cwd=REPOSITORY,
        env={**os.environ, "RENDERER": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    # Slurm's own --wait looks every half minute.
    waiting = ["squeue", "--noheader", f"--jobs={submitted.stdout.strip()}"]
    until = time.monotonic() + 600
    while subprocess.run(waiting, capture_output=True, text=True).stdout and time.monotonic() < until:
        time.sleep(0.5)
    finished = pasyn("finish", str(farm), "--no-report")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert pasyn("run", str(job), "--no-report", "--out", str(plain)).returncode == 0
    assert delivered_files(farm) == delivered_files(plain)
