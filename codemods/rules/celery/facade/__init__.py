"""--facade: imports change, code stays."""
