"""The sluis command."""
