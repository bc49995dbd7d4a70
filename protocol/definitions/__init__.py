"""The protocols themselves, one YAML file each."""
