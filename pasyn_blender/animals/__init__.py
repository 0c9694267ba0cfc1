"""Animals made by code: skeleton, skin, coat and motions of a species, and of each individual of it."""
