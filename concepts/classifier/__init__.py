"""Trained versions of a concept: training, figures, library scores; rules over several concepts."""
