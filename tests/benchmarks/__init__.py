"""The program behind `make bench`: what the codemod and the database queue cost, as ratios."""
