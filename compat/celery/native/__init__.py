"""CeleryBackend without the ledger: OPTIONS["RESULTS"] is "native"."""
