"""Another keypoint set is other names for the same animal: list, marks and moves follow the choice."""

from collections.abc import Callable

from pasyn_blender.anatomy.keypoint_sets import ANIMALPOSE

RunInside = Callable[..., str]


def test_list_marks_and_moves_follow_the_chosen_set(inside: RunInside, horse: str) -> None:
    inside(
        f"animalpose = {list(ANIMALPOSE.keypoints)!r}\n"
        + """
import numpy as np
scene, settings = bpy.context.scene, bpy.context.scene.pasyn.keypoints
live = part("ui.live_map")
bpy.ops.pasyn.import_animal(filepath=horse)

def places():
    return dict(zip((item.name for item in settings.found), live.positions(bpy.context).copy()))

def by_hand():
    return {item.name for item in settings.found if item.by_hand}

ap10k = places()
kinds = settings.bl_rna.properties["keypoint_set"].enum_items
assert {item.identifier: item.name for item in kinds} == {"ap10k": "AP-10K", "animalpose": "AnimalPose"}
settings.keypoint_set = "animalpose"
assert [item.name for item in settings.found] == animalpose
assert all(item.found for item in settings.found) and settings.index == -1
before = places()
assert np.isfinite(list(before.values())).all()
np.testing.assert_allclose(before["L_F_Elbow"], ap10k["left_shoulder"])
np.testing.assert_allclose(before["TailBase"], ap10k["root_of_tail"])

# The place behind the name moves, on both sides, whatever set calls it.
asked = before["L_F_Elbow"] + (0, 0, 0.05)
assert bpy.ops.pasyn.move_keypoint(keypoint="L_F_Elbow", location=asked) == {"FINISHED"}
assert by_hand() == {"L_F_Elbow", "R_F_Elbow"}
asked = before["Throat"] + (0, 0.05, 0)
assert bpy.ops.pasyn.move_keypoint(keypoint="Throat", location=asked) == {"FINISHED"}
moved = places()
settings.keypoint_set = "ap10k"
assert by_hand() == {"left_shoulder", "right_shoulder"}
np.testing.assert_allclose(places()["left_shoulder"], moved["L_F_Elbow"])
np.testing.assert_allclose(places()["right_shoulder"], moved["R_F_Elbow"])

# What was moved under the other set is not forgotten, nor placed anew with the head.
bpy.ops.pasyn.set_joint(joint="head", bone=scene.pasyn.animal.joints["head"].place)
settings.keypoint_set = "animalpose"
assert by_hand() == {"L_F_Elbow", "R_F_Elbow", "Throat"}
np.testing.assert_allclose(places()["Throat"], moved["Throat"])
bpy.ops.pasyn.reset_keypoint(keypoint="Throat")
assert by_hand() == {"L_F_Elbow", "R_F_Elbow"}
np.testing.assert_allclose(places()["Throat"], before["Throat"], atol=1e-6)
bpy.ops.pasyn.reset_keypoint(everything=True)
assert by_hand() == set()
""",
        horse=horse,
    )
