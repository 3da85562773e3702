"""A plan as text, JSON, SARIF, GitHub annotations and Markdown."""
