"""Bring a rigged animal, and find its canonical joints and keypoints."""
