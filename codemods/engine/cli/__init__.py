"""The command line: what is asked for, and the modes that answer it."""
