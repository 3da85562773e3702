"""make chaos: the storms of the process tests, as long and as wild as one likes."""
