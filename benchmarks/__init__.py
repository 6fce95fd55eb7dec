"""What is measured. Run one as `python -m benchmarks.NAME`; speed is always a ratio within one run."""
