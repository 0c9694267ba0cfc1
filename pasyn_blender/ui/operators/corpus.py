"""Reading this file's actions into a corpus that a prior can be trained on."""

from pathlib import Path
from typing import Any

import bpy

from ...errors import CorpusError
from ...prior.action_labels import Labels, fits
from ...prior.corpus import Clip, write_corpus
from ...prior.corpus_assembly import assembled_corpus, check_corpus_path, ready_clips
from ...rig.actions import ActionRange, list_actions
from ...rig.clip_frames import PlayedClip, fitted_clip, play_clip
from ...rig.loaded_rig import LoadedRig
from .. import posing
from ..kept_pose import constraints_on
from ..scene_animal import pose_kept
from ..stepwise_work import InThread, Steps, WorksInSteps
from .mapped_animal import PosesAnimal


class PASYN_OT_extract_corpus(PosesAnimal, WorksInSteps, bpy.types.Operator):
    """Read this file's actions of the animal into a corpus for pasyn prior train."""

    bl_idname = "pasyn.extract_corpus"
    bl_label = "Extract Corpus"
    bl_description = (
        "Read this file's actions of the animal as canonical poses into an .npz file that pasyn prior train "
        "learns from. The actions are played for it; then the animal has its pose back"
    )
    bl_options = {"REGISTER"}
    doing = "Reading actions"

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File",
        description="The .npz file to write; a corpus that is there is replaced",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})  # type: ignore[valid-type]
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]
    actions: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Actions",
        description=(
            "Names of the actions to read, with commas between them; * stands for anything. Empty reads all; "
            "those that PASyn made never count"
        ),
        options={"SKIP_SAVE"},
    )
    rate: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Rate",
        description="Frames a second of the clips",
        default=30.0,
        min=1.0,
        soft_max=60.0,
        max=240.0,
        options={"SKIP_SAVE"},
    )
    licence: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Licence",
        description="Licence and source of the animations, for the card of what is trained on them",
        options={"SKIP_SAVE"},
    )

    _browsed = False

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file where none is given, then start."""
        if self.filepath:
            return self.start_work(context)
        stem = bpy.path.clean_name(context.scene.pasyn.animal.armature.name)
        folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
        self.filepath = str(folder / f"{stem}.npz")
        self._browsed = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read at once for scripts; in turns after the file was chosen in a window."""
        if not self._browsed:
            return super().execute(context)
        options = {name: getattr(self, name) for name in ("filepath", "actions", "rate", "licence")}
        bpy.ops.pasyn.extract_corpus("INVOKE_DEFAULT", **options)
        return {"FINISHED"}

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Play the actions, fit the poses, and write the corpus."""
        settings = context.scene.pasyn
        rate = self.rate if self.properties.is_property_set("rate") else settings.pose.corpus_rate
        if not self.filepath.strip():
            raise CorpusError("choose a file for the corpus")
        if self.filepath.startswith("//") and not bpy.data.filepath:
            raise CorpusError("save the .blend first, or choose a file that is not relative to it")
        output = Path(bpy.path.abspath(self.filepath)).expanduser().absolute()
        check_corpus_path(output)
        animal = yield from posing.learning(context)
        rig = posing.whole_rig(context)
        wanted = self._wanted(rig)
        name = _animal_name(settings.animal)
        lengths = [action.end - action.start + 1 for action in wanted]
        clips: list[Clip] = []
        done = 0.0
        with pose_kept(rig), constraints_on(context.scene, rig.armature):
            for action, length in zip(wanted, lengths, strict=True):
                played = PlayedClip()
                for share in play_clip(rig, animal.geometry, animal.retargeting, action, rate, played):
                    yield (done + share * length) / sum(lengths)
                done += length

                def fitted(action: ActionRange = action, played: PlayedClip = played) -> Clip:
                    return fitted_clip(action.name, name, animal.geometry, animal.retargeting, played, rate)

                clips.append((yield InThread(fitted)))
        labels = Labels(species=((settings.animal.species.strip().lower() or "animal", "*"),))

        def written() -> tuple[int, int]:
            corpus = assembled_corpus([ready_clips(clips, rate, labels)], self.licence.strip())
            write_corpus(corpus, output)
            return len(corpus.clips), corpus.frames

        count, frames = yield InThread(written)
        self.report({"INFO"}, f"{count} clips, {frames} poses in {output}")

    def _wanted(self, rig: LoadedRig) -> list[ActionRange]:
        found = list_actions(rig)
        if not found:
            raise CorpusError(f"'{rig.armature.name}' has no actions, so there is no motion to take")
        patterns = [pattern.strip() for pattern in self.actions.split(",") if pattern.strip()]
        if not patterns:
            return list(found)
        wanted = [action for action in found if any(fits(pattern, action.name) for pattern in patterns)]
        if not wanted:
            names = ", ".join(action.name for action in found)
            raise CorpusError(f"no action is named {self.actions}; there are: {names}")
        return wanted


def _animal_name(settings: Any) -> str:
    """Name of the individual: clips of one animal share it. The saved file's, as the command line has it."""
    for path in (bpy.data.filepath, settings.source_file):
        if path:
            return Path(path).stem
    return str(settings.armature.name)


CLASSES = (PASYN_OT_extract_corpus,)
