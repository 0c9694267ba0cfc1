#!/bin/bash
# One task of an array job: renders its shard of JOB into DIR. Submit it from the repository's root; the lines
# for each scheduler are in docs/cluster.md. Slurm:
#
#   mkdir -p DIR/logs
#   sbatch --array=0-7 --output=DIR/logs/shard-%a.log render_jobs/cluster/shard.sh JOB DIR
#
#SBATCH --job-name=pasyn
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu

# PBS starts in the home folder; the others where the job was submitted.
cd "${PBS_O_WORKDIR:-.}"

# With exec the scheduler's signal reaches the renderer itself: it finishes the shot at work and ends.
# A Blender in place of the bpy wheel: RENDERER="blender -b --factory-startup -P".
# shellcheck disable=SC2086
exec ${RENDERER:-.venv/bin/python} render_jobs/render_job.py -- "$1" --out "$2"
