"""What 2D detectors write: their layouts of joints and their file formats."""
