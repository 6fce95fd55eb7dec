"""Measures this checkout: `python -m tools.measure` prints what there is of everything that should not grow.

A measure is a function of a module here. `tools/limits.toml` holds the values that may not be passed.
"""
