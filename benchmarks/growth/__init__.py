"""What each kind of work costs as the library grows: `python -m benchmarks.growth`."""
