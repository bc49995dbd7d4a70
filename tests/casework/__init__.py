"""Tests of the casework."""
