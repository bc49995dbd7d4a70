"""The measurements of sluis: `python -m bench.run` from the root of the repository (see bench/README.md)."""
