"""Calls of tasks and other uses of them."""
