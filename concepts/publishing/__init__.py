"""Watched folders: what comes is scored, told, and asked about at random, so that precision is known over
time."""
