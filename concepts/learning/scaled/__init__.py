"""Learning grades and exclusive classes: linear heads with more to them than yes and no."""
