"""What it costs: `python -m benchmarks` prints one table, in one run on one machine."""
