"""The canonical quadruped, and the keypoint sets people annotate on photos."""
