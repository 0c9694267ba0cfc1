"""Judging a style: how well pictures can be told from photos, and by what."""
