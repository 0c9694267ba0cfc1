"""From a render to a picture: backgrounds and composition."""
