"""The benchmarks, as programs."""
