"""Priors of a corpus, each trained without one of its animals and measured on that animal's clips.

    python benchmarks/left_out_animals.py [CORPUS] [--json left_out.json] [--epochs N]

Without a corpus one is made from the shared rigs (PASYN_SHARED), their deaths left out. Nothing of the animal
that is left out is learnt: not by the networks, not by the mixture, and it does not say when to stop.
Prints one line an animal, as it is:

    error     reconstruction, mean and median of the geodesic degrees, and joint places in 1/100 trunk
    P R D C   precision, recall, density, coverage of as many samples as the animal has poses (k=5)
    (P C)     of training poses in place of samples: what other animals' motion can reach at all
    10°       share of the animal's poses that one of 3,000 samples, or a learnt pose, comes within 10° of
    nearest   median degrees from the animal's poses to the nearest of others, and to the nearest sample
    beyond    share of samples with a joint beyond its limits; collide, with limbs through one another;
    taken     share that is accepted
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pasyn_blender.prior.corpus import Corpus, read_corpus
from pasyn_blender.prior.limits import read_limits
from render_jobs.prior_evaluation import judges_of, measure

REPOSITORY = Path(__file__).resolve().parent.parent
HEAD = (
    f"{'left out':<12}{'poses':>6}  {'error':>16}  {'P':>5}{'R':>6}{'D':>6}{'C':>6}  {'(P':>5}{'C)':>6}  "
    f"{'10°':>9}  {'nearest':>12}  {'beyond':>7}{'collide':>8}{'taken':>7}{'seconds':>9}"
)


def shared_corpus(folder: Path) -> Path:
    """A corpus of the shared rigs, without deaths."""
    rigs = Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared")) / "rigs"
    if not rigs.is_dir():
        sys.exit(f"there are no shared rigs at {rigs}; name a corpus, or set PASYN_SHARED")
    made = folder / "shared.npz"
    words = ["prior", "corpus", str(rigs), "-o", str(made), "--without", "*death*"]
    subprocess.run([sys.executable, "-m", "render_jobs.cli", *words], check=True, cwd=REPOSITORY, stdout=2)
    return made


def without(corpus: Corpus, animal: str, seed: int, epochs: int | None, samples: int) -> dict[str, Any]:
    """Train without an animal, and measure on it."""
    from pasyn_blender.prior.training import train_prior
    from pasyn_blender.prior.training_options import TrainingOptions

    began = time.perf_counter()
    options = TrainingOptions(seed=seed, epochs=epochs, hold_out_animal=animal, device="cpu")
    prior, report = train_prior(corpus, options)
    judges = judges_of(prior, corpus)
    assert {clip.animal for clip in judges.held_out.clips} == {animal} and judges.fresh
    limits = read_limits() if prior.canonical else None
    numbers = measure(prior, judges, seed, samples, 1.0, limits, lambda what, share: None).numbers
    numbers["training"] = {
        "seconds": round(time.perf_counter() - began, 1),
        "best_epoch": report.best_epoch,
        "stopped": report.stopped,
        "validation_degrees": min(one.validation_error for one in report.curve),
    }
    return numbers


def line(animal: str, found: dict[str, Any]) -> str:
    error, samples, ceiling = (
        found[name] for name in ("reconstruction_degrees", "samples", "training_poses")
    )
    trunks = found.get("reconstruction_trunks", {}).get("mean", float("nan"))
    feasible = found.get("feasibility", {})
    reached = found["reached"]["within 10 degrees"]
    nearest_sample = sum(c["nearest_sample_degrees"] * c["frames"] for c in found["clips"]) / max(
        1, sum(c["frames"] for c in found["clips"])
    )
    return (
        f"{animal[:11]:<12}{found['held_out']['frames']:>6}  "
        f"{error['mean']:5.2f} {error['median']:5.2f} {100 * trunks:4.1f}  "
        f"{samples['precision']:5.2f}{samples['recall']:6.2f}{samples['density']:6.2f}"
        f"{samples['coverage']:6.2f}  {ceiling['precision']:5.2f}{ceiling['coverage']:6.2f}  "
        f"{reached['samples']:4.0%} {reached['training_poses']:4.0%}  "
        f"{found['nearest_training_degrees']['held_out']:6.2f}{nearest_sample:6.2f}  "
        f"{feasible.get('beyond_limits', float('nan')):7.1%}{feasible.get('collisions', float('nan')):8.1%}"
        f"{feasible.get('accepted', float('nan')):7.1%}{found['training']['seconds']:9.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--epochs", type=int, help="by default as many as make 6,000 steps")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--animal", action="append", help="only without this one; may be given again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = read_corpus(options.corpus or shared_corpus(Path(folder)))
    animals = options.animal or sorted({clip.animal for clip in corpus.clips})
    print(f"{len(corpus.clips)} clips, {corpus.frames} poses of {len(animals)} animals; seed {options.seed}")
    print(HEAD, flush=True)
    results = {}
    for animal in animals:
        results[animal] = without(corpus, animal, options.seed, options.epochs, options.samples)
        print(line(animal, results[animal]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
