"""The backends of DEP 0014 that this project brings."""
