"""The automatic half of each step, as plain functions."""
