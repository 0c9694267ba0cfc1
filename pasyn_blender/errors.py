"""Exceptions a user can cause; each message names what was found and what would be right."""

from __future__ import annotations


class PasynError(Exception):
    """Base of every failure that is the input's, not the program's.

    The command line prints the message without a traceback and exits with status 2;
    Blender operators report it in the status bar.
    """


class JobError(PasynError):
    """A job file or an override is wrong: names file, line and key."""


class RigError(PasynError):
    """A model file cannot be read, or holds no usable skinned quadruped."""


class MappingError(RigError):
    """The canonical joints or keypoints of a rig could not be found."""


class RigMapError(RigError):
    """A rig map file is malformed or does not fit the rig it is used with."""


class BackgroundError(PasynError):
    """No usable background picture was found where the job says they are."""


class OutputError(PasynError):
    """The output folder cannot be written, is full, or belongs to another job."""


class RenderError(PasynError):
    """Blender could not render a shot, or the chosen device is missing."""


class CorpusError(PasynError):
    """A pose corpus, or a file it is made from, cannot be read or holds nothing usable."""


class PriorError(PasynError):
    """A trained prior is damaged, or does not fit what it is used for."""


class ArraysError(PasynError):
    """A file holds no plain arrays, or is damaged; the message is the reason alone, without the file."""


class PickledArraysError(ArraysError):
    """A file holds pickled objects, which could run code and are not read."""


class LimitsError(PasynError):
    """A file of joint limits is malformed: names file, joint and angle."""


class StyleError(PasynError):
    """A style's weights cannot be read or are another network's, or a style is asked the impossible."""
