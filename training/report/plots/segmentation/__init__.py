"""Figures of the segmentation as a whole: its number, structure and stability."""
