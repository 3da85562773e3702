"""Bridges to legacy task libraries, one package per library."""
