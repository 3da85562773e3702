"""Signatures and what is made of them: chains, groups and chords."""
