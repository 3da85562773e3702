"""The program behind `make bench`: our queue beside its peers and the physical limit."""
