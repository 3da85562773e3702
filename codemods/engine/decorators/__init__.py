"""The options of a decorator, and the decorator written in its place."""
