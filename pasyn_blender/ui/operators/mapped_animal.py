"""What operators ask for that pose the animal."""

import bpy


class PosesAnimal:
    """Mixin for operators that need a mapped animal in a mode in which bones can be posed."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A mapped animal, and object or pose mode."""
        animal = context.scene.pasyn.animal
        if animal.armature is None or not animal.rig_map:
            cls.poll_message_set("Choose an animal and map it first")  # type: ignore[attr-defined]
            return False
        if context.mode not in {"OBJECT", "POSE"}:
            cls.poll_message_set("Go to object mode or pose mode first")  # type: ignore[attr-defined]
            return False
        return True
