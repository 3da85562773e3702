"""What DEP 0014 and Django's documentation promise, on every backend of ours.

A test that needs what a backend says it cannot do is skipped by that capability.
"""
