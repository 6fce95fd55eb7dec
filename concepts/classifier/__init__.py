"""Trained versions of a concept: training, figures, comparison, and what they say of the library."""
