"""Whether a detector that knows animals from photos alone names ours: finished datasets, counted in a table.

    python benchmarks/animal_detection.py --weights MODEL/model.json zebra-folder horse-folder
    python benchmarks/animal_detection.py --weights MODEL/model.json photos/annotations.json donkey=horse

A source is a folder made by `pasyn run`, or a COCO file of photos with a folder `images` beside it, which
tells how many real animals the detector names. The class that is right is the category's name, or what
stands after `=`. Pictures with exactly one animal count. *Right*: of all animals the detector finds on our
box (intersection over union of at least `--overlap`, score of at least `--score`), the likeliest is of the
right class. *Animal*: it finds any of COCO's ten animals there. A bystander elsewhere in the background
counts for nothing.

Photos that show animals themselves are no backgrounds for this: a real animal behind ours is found in its
place, or hides that ours is not found.

Nothing is downloaded. The weights are those of TensorFlow.js' object detection model (`coco-ssd`, base
`lite_mobilenet_v2`, Apache 2.0): SSDLite with MobileNet V2, trained on COCO photos at 300 x 300 pixels
(Sandler et al. 2018, "MobileNetV2": mAP 22). They are a frozen graph of TensorFlow.js: `model.json` with its
shards `group1-shard1of5` to `group1-shard5of5` in the same folder. They are published by the model's authors
(address in coco-ssd of github.com/tensorflow/tfjs-models) and once more, as files, in models/coco-ssd of
github.com/dceejay/tfjs-coco-ssd. Needs torch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.errors import PasynError

FloatArray = NDArray[np.float64]

# COCO's category numbers of animals.
ANIMALS = {
    16: "bird",
    17: "cat",
    18: "dog",
    19: "horse",
    20: "sheep",
    21: "cow",
    22: "elephant",
    23: "bear",
    24: "zebra",
    25: "giraffe",
}
OTHER_NAMES = {"cattle": "cow"}

INPUT_SIDE = 300
# COCO's photos are 640 pixels long: larger ones are shrunk to that, as the network takes every nth pixel.
LONGEST_SIDE = 640
FEATURE_MAPS = 6
# Divisors of the encoded centres and sizes of boxes (Liu et al. 2016, "SSD").
CENTRE_SCALE, SIZE_SCALE = 10.0, 5.0
# Boxes that share more than this are one object; so many objects a picture (both as coco-ssd).
SAME_OBJECT, MOST_OBJECTS = 0.5, 20


@dataclass(frozen=True)
class Detection:
    """What the detector takes for an object.

    Attributes
    ----------
    category
        COCO's number, 1 to 90.
    score
        0 to 1.
    box
        (4,) left, top, right, bottom, as shares of the picture.
    """

    category: int
    score: float
    box: FloatArray


@dataclass(frozen=True)
class LabelledPicture:
    """A picture of one animal; the box as in `Detection`."""

    path: Path
    species: str
    box: FloatArray


class Detector:
    """SSDLite with MobileNet V2, evaluated from TensorFlow.js' graph file.

    The graph's own loop that resizes pictures, and its decoding of boxes, are done here.

    Raises
    ------
    PasynError
        When the file is no such graph, or lacks its shards.
    """

    def __init__(self, path: Path) -> None:
        self._nodes, self._constants = _read_graph(path)
        self._anchors = self._constants["Postprocessor/ExpandDims"].reshape(-1, 4)

    def find(self, picture: Image.Image, least_score: float) -> list[Detection]:
        """Objects of a picture, the likeliest first."""
        picture = picture.convert("RGB")
        shrink = min(1.0, LONGEST_SIDE / max(picture.size))
        if shrink < 1:
            size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
            picture = picture.resize(size, Image.Resampling.BOX)
        boxes, scores = self._evaluate(np.array(picture))
        best = scores.max(axis=1)
        found: list[Detection] = []
        for anchor in np.argsort(-best, kind="stable"):
            if best[anchor] < least_score or len(found) == MOST_OBJECTS:
                break
            if all(_overlap(boxes[anchor], other.box) <= SAME_OBJECT for other in found):
                # Column 0 is COCO's category 1: the background has been cut off.
                category = int(scores[anchor].argmax()) + 1
                found.append(Detection(category, float(best[anchor]), boxes[anchor]))
        return found

    def _evaluate(self, pixels: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
        """(A, 4) boxes and (A, 90) scores of all anchors."""
        with torch.inference_mode():
            resized = _resized(torch.from_numpy(pixels).float())[None]
            known = {"Preprocessor/map/TensorArrayStack/TensorArrayGatherV3": resized}
            offsets, logits = (
                torch.cat(
                    [
                        self._value(f"BoxPredictor_{level}/{branch}/BiasAdd", known).reshape(-1, width)
                        for level in range(FEATURE_MAPS)
                    ]
                )
                for branch, width in (("BoxEncodingPredictor", 4), ("ClassPredictor", 91))
            )
            # Anchors and boxes are top, left, bottom, right here.
            size = self._anchors[:, 2:] - self._anchors[:, :2]
            centre = self._anchors[:, :2] + size / 2 + offsets[:, :2] / CENTRE_SCALE * size
            half = size * torch.exp(offsets[:, 2:] / SIZE_SCALE) / 2
            boxes = torch.cat([centre - half, centre + half], dim=1)[:, [1, 0, 3, 2]]
            scores = torch.sigmoid(logits[:, 1:])
        return boxes.double().numpy(), scores.double().numpy()

    def _value(self, name: str, known: dict[str, torch.Tensor]) -> torch.Tensor:
        if name in self._constants:
            return self._constants[name]
        if name not in known:
            node = self._nodes[name]
            known[name] = _applied(node, [self._value(part, known) for part in node["input"]])
        return known[name]


def _read_graph(path: Path) -> tuple[Mapping[str, Any], Mapping[str, torch.Tensor]]:
    """Nodes and constants by name."""
    try:
        document = json.loads(path.read_bytes())
        nodes = {node["name"]: node for node in document["modelTopology"]["node"]}
        constants = {}
        for group in document["weightsManifest"]:
            # Shards lie in the graph's folder: only their names are taken.
            data = b"".join((path.parent / Path(shard).name).read_bytes() for shard in group["paths"])
            start = 0
            for weight in group["weights"]:
                kind, count = np.dtype(weight["dtype"]), int(np.prod(weight["shape"]))
                values = np.frombuffer(data, kind, count, start).reshape(weight["shape"]).copy()
                constants[weight["name"]] = torch.from_numpy(values)
                start += count * kind.itemsize
    except OSError as error:
        raise PasynError(
            f"{error.filename}: {error.strerror}; --weights wants model.json, its shards beside it"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise PasynError(
            f"{path}: no graph of TensorFlow.js, or its shards are cut short ({error!r})"
        ) from error
    if "Postprocessor/ExpandDims" not in constants or "BoxPredictor_5/ClassPredictor/BiasAdd" not in nodes:
        raise PasynError(f"{path}: another graph than coco-ssd's lite_mobilenet_v2")
    return nodes, constants


def _applied(node: Mapping[str, Any], values: list[torch.Tensor]) -> torch.Tensor:
    """An operation of the graph; pictures are (1, height, width, channels)."""
    match node["op"]:
        case "Conv2D":
            return _convolved(values[0], values[1].permute(3, 2, 0, 1), node, 1)
        case "DepthwiseConv2dNative":
            kernels = values[1].permute(2, 3, 0, 1).flatten(0, 1)[:, None]
            return _convolved(values[0], kernels, node, values[0].shape[-1])
        case "FusedBatchNorm":
            picture, scale, offset, mean, variance = values
            return (picture - mean) * (scale * torch.rsqrt(variance + node["attr"]["epsilon"]["f"])) + offset
        case "Add" | "AddN" | "BiasAdd":
            return sum(values[1:], values[0])
        case "Mul":
            return values[0] * values[1]
        case "Sub":
            return values[0] - values[1]
        case "Relu6":
            return values[0].clamp(0, 6)
        case unknown:
            raise PasynError(
                f"the graph has the operation {unknown} ({node['name']}), which is not known here"
            )


def _convolved(
    picture: torch.Tensor, kernels: torch.Tensor, node: Mapping[str, Any], groups: int
) -> torch.Tensor:
    """TensorFlow's padding SAME: an odd pixel is added at the right and at the bottom."""
    stride = int(node["attr"]["strides"]["list"]["i"][1])
    channels_first = picture.permute(0, 3, 1, 2)
    padding = []
    for axis in (3, 2):
        length = channels_first.shape[axis]
        missing = max((-(-length // stride) - 1) * stride + kernels.shape[axis] - length, 0)
        padding += [missing // 2, missing - missing // 2]
    padded = torch.nn.functional.pad(channels_first, padding)
    return torch.nn.functional.conv2d(padded, kernels, stride=stride, groups=groups).permute(0, 2, 3, 1)


def _resized(picture: torch.Tensor) -> torch.Tensor:
    """Bilinear, first pixel on first pixel, as TensorFlow 1 did when the network was trained."""
    for axis in (0, 1):
        length = picture.shape[axis]
        places = torch.arange(INPUT_SIDE) * (length / INPUT_SIDE)
        lower = places.floor().long()
        share = (places - lower).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        upper = (lower + 1).clamp(max=length - 1)
        picture = picture.index_select(axis, lower) * (1 - share) + picture.index_select(axis, upper) * share
    return picture


def _overlap(first: FloatArray, second: FloatArray) -> float:
    """Intersection over union of two boxes left, top, right, bottom."""
    inner = np.clip(np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]), 0, None).prod()
    union = (first[2:] - first[:2]).prod() + (second[2:] - second[:2]).prod() - inner
    return float(inner / union) if union > 0 else 0.0


def read_pictures(source: Path) -> Iterator[LabelledPicture]:
    """Pictures with exactly one labelled animal, of a dataset folder or a COCO file.

    Raises
    ------
    PasynError
        When there is no such file, or it is not COCO.
    """
    file = source / "annotations" / "all.json" if source.is_dir() else source
    images = source / "images" if source.is_dir() else source.parent / "images"
    try:
        document = json.loads(file.read_bytes())
        species = {category["id"]: category["name"] for category in document["categories"]}
        labels: dict[int, list[Mapping[str, Any]]] = {}
        for label in document["annotations"]:
            labels.setdefault(label["image_id"], []).append(label)
        for image in document["images"]:
            of_image = labels.get(image["id"], [])
            if len(of_image) == 1:
                left, top, width, height = of_image[0]["bbox"]
                box = np.array([left, top, left + width, top + height], dtype=np.float64)
                box /= (image["width"], image["height"]) * 2
                path = images / Path(image["file_name"]).name
                yield LabelledPicture(path, species[of_image[0]["category_id"]], box)
    except OSError as error:
        raise PasynError(f"{file}: {error.strerror}; a finished folder of 'pasyn run' has it") from error
    except (KeyError, TypeError, ValueError) as error:
        raise PasynError(f"{file}: not COCO annotations ({error!r})") from error


@dataclass(frozen=True)
class Count:
    """How one source fared; `names` counts what the animals were taken for."""

    pictures: int
    right: int
    animal: int
    names: Counter[str]


def count_named(
    detector: Detector,
    source: Path,
    right_name: str | None,
    most: int,
    score: float,
    overlap: float,
    tell: bool,
) -> tuple[str, Count]:
    """Name that is right and how often it is given; `tell` prints the pictures that go by another."""
    pictures = list(read_pictures(source))[:most]
    if not pictures:
        raise PasynError(f"{source}: no picture has exactly one labelled animal")
    right = right_name or pictures[0].species
    right = OTHER_NAMES.get(right, right)
    if right not in ANIMALS.values():
        raise PasynError(
            f"{source}: COCO has no class {right!r}; put one behind it: {source}=CLASS, "
            f"with one of {', '.join(ANIMALS.values())}"
        )
    names: Counter[str] = Counter()
    for picture in pictures:
        try:
            with Image.open(picture.path) as image:
                found = detector.find(image, score)
        except OSError as error:
            raise PasynError(f"{picture.path}: cannot be read as a picture ({error})") from error
        on_box = [
            thing
            for thing in found
            if thing.category in ANIMALS and _overlap(thing.box, picture.box) >= overlap
        ]
        name = ANIMALS[on_box[0].category] if on_box else "nothing"
        names[name] += 1
        if tell and name != right:
            print(f"{picture.path}: {name}" + (f" {on_box[0].score:.2f}" if on_box else ""))
    return right, Count(len(pictures), names[right], len(pictures) - names["nothing"], names)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="+", help="dataset folders or COCO files, with =CLASS if need be")
    parser.add_argument("--weights", type=Path, required=True, help="model.json of the detector")
    parser.add_argument("--pictures", type=int, default=100, help="how many of each source at most")
    parser.add_argument("--score", type=float, default=0.25, help="least score of a detection")
    parser.add_argument("--overlap", type=float, default=0.5, help="least intersection over union")
    parser.add_argument("--misnamed", action="store_true", help="list the pictures that are not named right")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    try:
        detector = Detector(arguments.weights)
        for source in arguments.sources:
            name, _, wanted = source.partition("=")
            rows.append(
                (
                    name,
                    *count_named(
                        detector,
                        Path(name),
                        wanted or None,
                        arguments.pictures,
                        arguments.score,
                        arguments.overlap,
                        arguments.misnamed,
                    ),
                )
            )
    except PasynError as error:
        print(error, file=sys.stderr)
        return 2
    wide = max(len("source"), *(len(name) for name, _, _ in rows))
    print(f"{'source':{wide}}  {'class':8}  pictures  right  animal  named")
    for name, right, count in rows:
        named = ", ".join(f"{what} {often}" for what, often in count.names.most_common())
        print(f"{name:{wide}}  {right:8}  {count.pictures:8}  {count.right:5}  {count.animal:6}  {named}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
