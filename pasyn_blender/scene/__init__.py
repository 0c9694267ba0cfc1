"""Camera, light, coat and render settings: everything of a shot but the animal's pose."""
