"""The fictional partnership and its years on a virtual clock."""
