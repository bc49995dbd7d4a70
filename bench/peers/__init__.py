"""Other engines that do the same work, each in an environment of its own (see bench/README.md)."""
