"""Keypoints behind something in front of the animal."""

import numpy as np

from pasyn_blender.annotation.occlusion import hidden_keypoints


def test_seen_points_behind_it_become_hidden_and_all_others_stay() -> None:
    hidden = np.zeros((20, 30), np.uint8)
    hidden[:, 10:] = 255
    hidden[:, 9] = 127  # less than half covered
    points = [(9.9, 5.0, 2), (10.0, 5.0, 2), (12.0, 5.0, 1), (0.0, 0.0, 0), (29.99, 19.99, 2)]
    assert hidden_keypoints(points, hidden) == [
        (9.9, 5.0, 2),
        (10.0, 5.0, 1),
        (12.0, 5.0, 1),
        (0.0, 0.0, 0),
        (29.99, 19.99, 1),
    ]
