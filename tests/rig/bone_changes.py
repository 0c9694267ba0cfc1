"""Changes to the bones of the open scene's rig: other names, more of them, fewer of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import bpy
from rig_files import armature, editing, meshes


def rename_bones(new_name: Callable[[int, str], str]) -> None:
    """Rename every bone; skin, actions and constraints follow."""
    bones = list(armature().data.bones)
    names = [new_name(i, bone.name) for i, bone in enumerate(bones)]
    for i, bone in enumerate(bones):
        bone.name = f"~{i}"
    for bone, name in zip(bones, names, strict=True):
        bone.name = name


def rename_meaningless() -> None:
    rename_bones(lambda i, _: f"Bone.{i:03d}" if i else "Bone")


def rename_by(words: Sequence[tuple[str, str]], side: Callable[[str, str], str]) -> None:
    """Translate the words of bone names, and write their side as ``side(name, "L" | "R" | "")`` does."""

    def translate(_: int, name: str) -> str:
        letter = name[-1] if name.endswith((".L", ".R")) else ""
        stem = name.removesuffix(f".{letter}") if letter else name
        for old, new in words:
            stem = stem.replace(old, new)
        return side(stem, letter)

    rename_bones(translate)


_SPANISH = [
    ("PoleTarget", "polo"), ("Front", "delantero"), ("Back", "trasero"), ("UpperLeg", "_brazo"),
    ("LowerLeg", "_antebrazo"), ("Shoulder", "_hombro"), ("Leg", "_pierna"), ("Torso", "lomo"),
    ("Neck", "cuello"), ("Head", "cabeza"), ("Tail", "cola"), ("Ear", "oreja"), ("Body", "raiz"),
]  # fmt: skip
_JAPANESE = [
    ("Front", "前"), ("Back", "後"), ("UpperLeg", "上腿"), ("LowerLeg", "下腿"), ("Shoulder", "肩"),
    ("Leg", "足"), ("Torso", "胴"), ("Neck", "首"), ("Head", "頭"), ("Tail", "尾"), ("Ear", "耳"),
    ("Body", "全身"),
]  # fmt: skip
_BIPED_3DS = [
    ("FrontShoulder", "Clavicle"), ("FrontUpperLeg", "UpperArm"), ("FrontLowerLeg", "Forearm"),
    ("BackShoulder", "Hip"), ("BackLeg", "Thigh"), ("BackUpperLeg", "Calf"), ("BackLowerLeg", "HorseLink"),
    ("Torso", "Spine"), ("Body", "Bip01"), ("Back", "Pelvis"), ("Ear", "Ponytail"),
]  # fmt: skip


def rename_spanish() -> None:
    rename_by(_SPANISH, lambda stem, s: f"{stem}_{ {'L': 'izq', 'R': 'der'}[s] }" if s else stem)


def rename_japanese() -> None:
    rename_by(_JAPANESE, lambda stem, s: {"L": "左", "R": "右", "": ""}[s] + stem)


def rename_bip01() -> None:
    def side(stem: str, letter: str) -> str:
        stem = stem.removeprefix("Bip01")
        return " ".join(part for part in ("Bip01", letter, stem) if part)

    rename_by(_BIPED_3DS, side)


def rename_prefix_lower() -> None:
    rename_by([], lambda stem, s: f"{s.lower()}_{stem}" if s else f"c_{stem}")


def rename_words() -> None:
    rename_by([], lambda stem, s: f"{ {'L': 'Left', 'R': 'Right'}[s] }{stem}" if s else stem)


def rename_underscore() -> None:
    rename_by([], lambda stem, s: f"{stem}_{s}" if s else stem)


def rename_letters() -> None:
    """LFLeg1, RBLeg2, as game studios write it."""
    counts: dict[str, int] = {}

    def side(stem: str, s: str) -> str:
        if not s:
            return f"Spine_{stem}"
        place = "F" if stem.startswith("Front") else "B" if stem.startswith("Back") else "X"
        counts[s + place] = counts.get(s + place, 0) + 1
        return f"{s}{place}Leg{counts[s + place]}"

    rename_by([], side)


def merge_bones(gone: dict[str, str]) -> None:
    """Remove bones; their skin goes to another bone and their children to their parent."""
    for obj in meshes():
        for name, heir in gone.items():
            group = obj.vertex_groups.get(name)
            if group is None:
                continue
            target = obj.vertex_groups.get(heir) or obj.vertex_groups.new(name=heir)
            for vertex in obj.data.vertices:
                for element in vertex.groups:
                    if element.group == group.index:
                        target.add([vertex.index], element.weight, "ADD")
            obj.vertex_groups.remove(obj.vertex_groups[name])
    with editing() as bones:
        for name in gone:
            if name in bones:
                for child in bones[name].children:
                    child.parent = bones[name].parent
                bones.remove(bones[name])
    drop_lost_curves()


def drop_lost_curves() -> None:
    """Remove F-curves of bones that are gone."""
    names = set(armature().data.bones.keys())
    for action in bpy.data.actions:
        for layer in action.layers:
            for strip in layer.strips:
                for slot in action.slots:
                    bag = strip.channelbag(slot)
                    for curve in list(bag.fcurves) if bag else ():
                        parts = curve.data_path.split('"')
                        if len(parts) > 1 and parts[1] not in names:
                            bag.fcurves.remove(curve)


def remove_control_bones() -> None:
    """Without IK and pole bones; the feet's skin goes to the lowest leg bone."""
    rig = armature()
    gone = {}
    for bone in rig.data.bones:
        if bone.name.startswith(("PoleTarget", "IK")):
            gone[bone.name] = "Body"
        elif bone.name.startswith("FF"):
            place = "Back" if bone.name.startswith("FFB") else "Front"
            gone[bone.name] = f"{place}LowerLeg{bone.name[-2:]}"
    merge_bones(gone)


def add_control_bones() -> None:
    """Controls outside the body, and a long chain that ends far away."""
    with editing() as bones:
        size = max((bone.tail - bone.head).length for bone in bones)
        master = bones.new("CTRL_master")
        master.head, master.tail = (0, 0, 0), (0, 2 * size, 0)
        for i in range(6):
            control = bones.new(f"CTRL_{i}")
            control.head, control.tail = (
                (2 * size * (i - 3), -4 * size, 0),
                (2 * size * (i - 3), -4 * size, size),
            )
            control.parent, control.use_deform = master, False
        previous = master
        for i in range(12):
            link = bones.new(f"rope{i}")
            link.head, link.tail = (3 * size, i * size, size), (3 * size, (i + 1) * size, size)
            link.parent, link.use_deform = previous, False
            previous = link


def rigify_layers() -> None:
    """Deforming DEF- bones that copy ORG- bones, beside MCH- bones, three of everything."""
    names = [bone.name for bone in armature().data.bones]
    rename_bones(lambda _, name: f"DEF-{name}")
    with editing() as bones:
        for prefix in ("ORG", "MCH"):
            for name in names:
                source, copy = bones[f"DEF-{name}"], bones.new(f"{prefix}-{name}")
                copy.head, copy.tail, copy.roll = source.head, source.tail, source.roll
                copy.use_deform = False
            for name in names:
                parent = bones[f"DEF-{name}"].parent
                if parent is not None:
                    bones[f"{prefix}-{name}"].parent = bones[parent.name.replace("DEF-", f"{prefix}-", 1)]


def shorten_legs() -> None:
    """One bone fewer in each leg."""
    merge_bones({f"Back{part}.{s}": f"BackUpperLeg.{s}" for part in ("Leg",) for s in "LR"})


def subdivide_legs() -> None:
    """One bone more in each leg; the new half holds the skin beyond the middle."""
    with editing() as bones:
        for name in [f"{end}UpperLeg.{s}" for end in ("Front", "Back") for s in "LR"]:
            bone = bones[name]
            middle, tail = (bone.head + bone.tail) / 2, bone.tail.copy()
            half = bones.new(f"{name[:-2]}Half{name[-2:]}")
            half.head, half.tail, half.roll = middle, tail, bone.roll
            children = list(bone.children)
            bone.tail = middle
            half.parent = bone
            for child in children:
                child.parent = half
    rig = armature()
    for obj in meshes():
        for name in [f"{end}UpperLeg.{s}" for end in ("Front", "Back") for s in "LR"]:
            bone = rig.data.bones[name]
            axis = (bone.tail_local - bone.head_local).normalized()
            half = obj.vertex_groups.new(name=f"{name[:-2]}Half{name[-2:]}")
            group = obj.vertex_groups[name]
            for vertex in obj.data.vertices:
                weight = next((e.weight for e in vertex.groups if e.group == group.index), 0.0)
                if weight and (vertex.co - bone.tail_local).dot(axis) > 0:
                    half.add([vertex.index], weight, "REPLACE")
                    group.remove([vertex.index])


def deform_off() -> None:
    for bone in armature().data.bones:
        bone.use_deform = False


def drop_actions() -> None:
    armature().animation_data_clear()
    for action in list(bpy.data.actions):
        bpy.data.actions.remove(action)


def stand_on_two_legs() -> None:
    """A biped made of a quadruped: no hind legs, nor the skin on them."""
    import bmesh

    words = ("BackLeg", "BackUpperLeg", "BackLowerLeg", "BackShoulder", "FFB", "IKBack", "PoleTargetBack")
    for obj in meshes():
        groups = {g.index for g in obj.vertex_groups if g.name.startswith(words)}
        gone = [
            v.index for v in obj.data.vertices if sum(e.weight for e in v.groups if e.group in groups) > 0.5
        ]
        work = bmesh.new()
        work.from_mesh(obj.data)
        work.verts.ensure_lookup_table()
        bmesh.ops.delete(work, geom=[work.verts[i] for i in gone], context="VERTS")
        work.to_mesh(obj.data)
        work.free()
    with editing() as bones:
        for bone in list(bones):
            if bone.name.startswith(words):
                bones.remove(bone)
    drop_lost_curves()
