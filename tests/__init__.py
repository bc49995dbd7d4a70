"""The tests of sluis."""
