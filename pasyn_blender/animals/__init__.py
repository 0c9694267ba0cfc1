"""Animals made by code: skeleton, skin, coat and motions of a species, and of each individual of it.

``build.build_animal`` puts one into the open Blender scene, ``landmarks.animal_rig_map`` says where its
joints and keypoints are; what they are built from is numpy alone.
"""

from .species import BUILT_IN

__all__ = ["BUILT_IN"]
