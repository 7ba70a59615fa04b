"""The figures of docs/performance.md, reproducible: `python -m benchmarks.run`. See README.md beside this file."""
