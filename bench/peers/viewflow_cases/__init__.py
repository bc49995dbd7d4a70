"""The Django application of the viewflow peer: W as a Flow."""
