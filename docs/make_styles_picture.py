"""Draw docs/styles.jpg: a few shots of datasets as pasted, composed, styled and taken by a camera.

    python docs/make_styles_picture.py runs/horse:2,3 runs/cow:4,9

Each argument is an output folder of ``pasyn run`` and numbers of its shots; nothing is rendered.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from render_jobs.composer import Composer
from render_jobs.style_dataset import (
    PLAIN,
    composed_picture,
    plain_job,
    read_dataset,
    read_rgba,
    staged_jobs,
)
from render_jobs.style_preview_command import labelled_sheet

OUTPUT = Path(__file__).with_name("styles.jpg")
QUALITY = 88


def main(arguments: list[str]) -> None:
    """Draw the picture of the datasets and shots that are named."""
    rows: list[list[np.ndarray]] = []
    columns: list[str] = []
    for argument in arguments:
        folder, _, shots = argument.partition(":")
        dataset = read_dataset(Path(folder), [int(shot) for shot in shots.split(",")])
        jobs = {PLAIN: plain_job(dataset.job), **staged_jobs(dataset.job), "and camera look": dataset.job}
        columns = list(jobs)
        composers = [Composer(job) for job in jobs.values()]
        for number in range(len(dataset.shots)):
            rgba = read_rgba(dataset, number)
            rows.append([composed_picture(dataset, one, number, rgba) for one in composers])
    names = ["" for _ in rows]
    with Image.open(io.BytesIO(labelled_sheet(rows, columns, names))) as sheet:
        sheet.convert("RGB").save(OUTPUT, quality=QUALITY)
    print(OUTPUT)


if __name__ == "__main__":
    main(sys.argv[1:])
