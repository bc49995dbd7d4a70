"""Tests of the tables and the migrations."""
