"""Prove what a plan's files are before they are written."""

from codemods.engine.proof.proven import Proof, prove

__all__ = ["Proof", "prove"]
