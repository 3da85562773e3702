"""Rules for the options of a definition."""
