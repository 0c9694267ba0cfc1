"""Read BVH motion capture files: a skeleton by offsets, and Euler angles for every frame."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, from_turn
from ..errors import CorpusError

_ROTATIONS: Final = ("xrotation", "yrotation", "zrotation")
_POSITIONS: Final = ("xposition", "yposition", "zposition")
_LARGEST: Final = 512 * 2**20  # bytes; an hour at 120 frames a second of 60 joints has about that


@dataclass(frozen=True)
class Motion:
    """Motion of a bare skeleton, in the axes and units of its file.

    Attributes
    ----------
    names
        J joint names, unique; the file's own, numbered where it repeats one.
    parents
        (J,) index of each joint's parent, -1 for roots; parents come first.
    offsets
        (J, 3) place of each joint from its parent when all rotations are zero; of a root, from the origin.
    ends
        (joint, (3,) offset from it) of the end of each chain.
    rotations
        (F, J, 3, 3) rotation of each joint relative to its parent.
    steps
        (F, J, 3) place of each joint from its parent, in the parent's axes; of a root, from the origin.
    rate
        Frames a second.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: NDArray[np.float64]
    ends: tuple[tuple[int, NDArray[np.float64]], ...]
    rotations: NDArray[np.float64]
    steps: NDArray[np.float64]
    rate: float

    def __len__(self) -> int:
        return len(self.rotations)


def thinned(motion: Motion, rate: float) -> Motion:
    """Every second, third, ... frame of a motion, as few as are still at least ``rate`` a second."""
    step = max(int(motion.rate / rate + 1e-6), 1)
    return replace(
        motion, rotations=motion.rotations[::step], steps=motion.steps[::step], rate=motion.rate / step
    )


@dataclass
class _Joint:
    name: str
    parent: int
    line: int
    offset: tuple[float, ...] | None = None
    channels: tuple[str, ...] | None = None


class _Words:
    """Words of a file's head with the lines they stand in."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        found = [(word, number) for number, line in enumerate(lines, start=1) for word in _split(line)]
        self._words = found
        self._next = 0

    @property
    def line(self) -> int:
        """Line of the word read last; of the next one before any was read."""
        at = max(self._next - 1, 0)
        return self._words[at][1] if self._words else 1

    @property
    def left(self) -> int:
        return len(self._words) - self._next

    def peek(self) -> str:
        return self._words[self._next][0] if self.left else ""

    def take(self, what: str) -> str:
        if not self.left:
            raise CorpusError(
                f"{self.path} ends at line {self.line}, where {what} should follow: it is cut off"
            )
        word = self._words[self._next][0]
        self._next += 1
        return word

    def expect(self, wanted: str) -> None:
        word = self.take(repr(wanted))
        if word.lower() != wanted.lower():
            self.fail(f"found {word!r} where {wanted!r} should be")

    def number(self, what: str) -> float:
        word = self.take(what)
        try:
            value = float(word)
        except ValueError:
            self.fail(f"{what} is {word!r}; it should be a number")
        if not math.isfinite(value):
            self.fail(f"{what} is {word}; it should be a finite number")
        return value

    def whole(self, what: str) -> int:
        value = self.number(what)
        if value != int(value) or value < 0:
            self.fail(f"{what} is {value:g}; it should be a whole number, 0 or more")
        return int(value)

    def fail(self, message: str) -> NoReturn:
        raise CorpusError(f"{self.path}, line {self.line}: {message}")


def read_bvh(path: Path) -> Motion:
    """Read a BVH file.

    Channels may come in any order and number, tabs, blank lines and line ends of any kind may separate them,
    and keywords may be in any case. Position channels of joints other than the root are read both ways that
    programs write them, in place of the joint's offset or in addition to it.

    Raises
    ------
    CorpusError
        The file is missing, cut off, or no BVH; the message names the line.
    """
    lines = _read_text(path).splitlines()
    # The numbers are most of the file; they are read apart, line by line.
    head = next((i for i, line in enumerate(lines, start=1) if _is_frame_time(line)), len(lines))
    words = _Words(path, lines[:head])
    joints, ends = _read_hierarchy(words)
    channels = [joint.channels or () for joint in joints]
    columns = sum(len(own) for own in channels)
    count, rate = _read_motion_head(words, columns)
    values = _read_values(path, lines, head, count, columns)
    offsets = np.array([joint.offset for joint in joints], dtype=np.float64)
    rotations = np.tile(np.eye(3), (len(values), len(joints), 1, 1))
    steps = np.tile(offsets, (len(values), 1, 1))
    column = 0
    for number, own in enumerate(channels):
        block = values[:, column : column + len(own)]
        column += len(own)
        rotations[:, number] = _rotations(own, block)
        moved = [channel for channel in own if channel in _POSITIONS]
        if moved:
            axes = [_POSITIONS.index(channel) for channel in moved]
            given = block[:, [own.index(channel) for channel in moved]]
            offset = offsets[number, axes]
            apart = np.abs(given - offset).mean() > np.abs(given).mean()
            steps[:, number, axes] = given + offset if apart else given
    return Motion(
        names=_unique([joint.name for joint in joints]),
        parents=tuple(joint.parent for joint in joints),
        offsets=offsets,
        ends=tuple((joint, np.array(offset)) for joint, offset in ends),
        rotations=rotations,
        steps=steps,
        rate=rate,
    )


def _read_text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise CorpusError(f"{path} has {size / 2**20:.0f} MiB; cut it into clips of a few minutes")
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path} does not exist") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from None
    if b"\0" in data[:4096]:
        raise CorpusError(f"{path} is not text; a BVH file begins with the word HIERARCHY")
    return data.decode("utf-8-sig", errors="replace")


def _read_hierarchy(words: _Words) -> tuple[list[_Joint], list[tuple[int, tuple[float, ...]]]]:
    if words.peek().upper() != "HIERARCHY":
        words.take("HIERARCHY")
        words.fail("found no HIERARCHY; a BVH file begins with that word")
    words.expect("HIERARCHY")
    joints: list[_Joint] = []
    ends: list[tuple[int, tuple[float, ...]]] = []
    open_joints: list[int] = []
    while words.peek().upper() != "MOTION":
        word = words.take("MOTION").upper()
        if word in ("ROOT", "JOINT"):
            if (word == "ROOT") != (not open_joints):
                words.fail("ROOT stands outside all joints, and JOINT inside one")
            name = _read_name(words)
            joints.append(_Joint(name, open_joints[-1] if open_joints else -1, words.line))
            open_joints.append(len(joints) - 1)
        elif word == "END" and open_joints:
            ends.append((open_joints[-1], _read_end(words)))
        elif word == "OFFSET" and open_joints:
            joints[open_joints[-1]].offset = _vector(words, joints[open_joints[-1]].name)
        elif word == "CHANNELS" and open_joints:
            joints[open_joints[-1]].channels = _read_channels(words, joints[open_joints[-1]].name)
        elif word == "}" and open_joints:
            closed = joints[open_joints.pop()]
            if closed.offset is None:
                words.fail(f"joint {closed.name!r} (line {closed.line}) has no OFFSET")
        else:
            words.fail(
                f"found {word!r} where ROOT, JOINT, End Site, OFFSET, CHANNELS, }} or MOTION should be"
            )
    if open_joints:
        missing = joints[open_joints[-1]]
        raise CorpusError(
            f"{words.path}: joint {missing.name!r} of line {missing.line} is not closed by }} before MOTION"
        )
    if not joints:
        words.fail("the HIERARCHY has no joints")
    return joints, ends


def _read_name(words: _Words) -> str:
    """Return a joint's name up to its bracket; names may hold spaces."""
    parts = [words.take("a joint's name")]
    while words.peek() not in ("{", ""):
        parts.append(words.take("{"))
        if len(parts) > 8:
            words.fail("found no { after the name of a joint")
    words.expect("{")
    return " ".join(parts)


def _read_end(words: _Words) -> tuple[float, ...]:
    words.expect("Site")
    while words.peek() not in ("{", ""):  # some programs name end sites
        words.take("{")
    words.expect("{")
    words.expect("OFFSET")
    offset = _vector(words, "End Site")
    words.expect("}")
    return offset


def _vector(words: _Words, name: str) -> tuple[float, ...]:
    return tuple(words.number(f"{axis} of the OFFSET of {name!r}") for axis in "XYZ")


def _read_channels(words: _Words, name: str) -> tuple[str, ...]:
    count = words.whole(f"number of CHANNELS of {name!r}")
    channels = tuple(words.take(f"channel {i + 1} of {name!r}").lower() for i in range(min(count, 7)))
    for channel in channels:
        if channel not in _ROTATIONS + _POSITIONS:
            words.fail(
                f"joint {name!r} has {count} channels, of which {channel!r} is none; there are Xposition, "
                "Yposition, Zposition, Xrotation, Yrotation and Zrotation"
            )
    if len(set(channels)) < len(channels):
        words.fail(f"joint {name!r} has a channel twice: {' '.join(channels)}")
    return channels


def _read_motion_head(words: _Words, columns: int) -> tuple[int, float]:
    """Return the number of frames announced, and frames a second."""
    words.expect("MOTION")
    words.expect("Frames:")
    count = words.whole("number of Frames")
    words.expect("Frame")
    words.expect("Time:")
    seconds = words.number("Frame Time")
    if not 1e-4 <= seconds <= 10:
        words.fail(f"Frame Time is {seconds:g}; it should be the seconds of a frame, such as 0.0333")
    if not columns:
        words.fail("no joint has CHANNELS, so nothing moves")
    if count == 0:
        words.fail("there are 0 Frames")
    if words.left:
        words.take("a line's end")
        words.fail("numbers follow on the line of Frame Time; the first frame should have its own")
    return count, 1.0 / seconds


def _read_values(path: Path, lines: list[str], head: int, count: int, columns: int) -> NDArray[np.float64]:
    """(count, columns) numbers of the lines after the head; a frame may run over several lines."""
    rows = [
        (number, row) for number, line in enumerate(lines[head:], start=head + 1) if (row := line.split())
    ]
    values = np.array([_numbers(path, number, row) for number, row in rows if len(row) == columns])
    if len(values) == len(rows) == count:
        return values
    numbers = [value for number, row in rows for value in _numbers(path, number, row)]
    if len(numbers) == count * columns:
        return np.array(numbers).reshape(count, columns)
    odd = next(((number, row) for number, row in rows if len(row) != columns), None)
    if odd is not None and odd[0] != rows[-1][0]:
        raise CorpusError(
            f"{path}, line {odd[0]}: the frame has {len(odd[1])} numbers, the joints have {columns} channels"
        )
    ending = rows[-1][0] if rows else head
    whole = len(numbers) // columns
    rest = f" and {len(numbers) % columns} numbers" if len(numbers) % columns else ""
    why = "it is cut off" if whole < count else "Frames should give their number"
    raise CorpusError(
        f"{path}, line {ending}: {count} frames of {columns} channels are announced, the file has "
        f"{whole}{rest}: {why}"
    )


def _numbers(path: Path, line: int, row: list[str]) -> list[float]:
    try:
        values = [float(word) for word in row]
    except ValueError:
        wrong = next(word for word in row if not _is_number(word))
        raise CorpusError(f"{path}, line {line}: found {wrong!r} where a number should be") from None
    if not all(map(math.isfinite, values)):
        column = next(i for i, value in enumerate(values) if not math.isfinite(value))
        raise CorpusError(f"{path}, line {line}: number {column + 1} is {row[column]}; it should be finite")
    return values


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_frame_time(line: str) -> bool:
    return re.match(r"\s*frame\s+time\s*:", line, re.IGNORECASE) is not None


def _rotations(channels: tuple[str, ...], values: Array) -> Array:
    """(F, 3, 3) product of a joint's turns in the order of its channels."""
    total = np.tile(np.eye(3), (len(values), 1, 1))
    for column, channel in enumerate(channels):
        if channel in _ROTATIONS:
            turns = np.zeros((len(values), 3))
            turns[:, _ROTATIONS.index(channel)] = np.radians(values[:, column])
            total = total @ from_turn(turns)
    return total


def _split(line: str) -> list[str]:
    if re.match(r"\s*frame", line, re.IGNORECASE):
        line = re.sub(r"\s*:\s*", ": ", line)
    return line.replace("{", " { ").replace("}", " } ").split()


def _unique(names: list[str]) -> tuple[str, ...]:
    result: list[str] = []
    for name in names:
        option, number = name, 1
        while option in result:
            number += 1
            option = f"{name}.{number}"
        result.append(option)
    return tuple(result)
