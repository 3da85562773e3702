"""The parts every codemod shares: find files, understand names, plan sites, render and write."""
