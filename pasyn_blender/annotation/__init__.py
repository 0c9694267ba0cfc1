"""Ground truth of a render: projection, visibility, masks and COCO."""
