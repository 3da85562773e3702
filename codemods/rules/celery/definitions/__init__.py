"""Task definitions: the decorator, the bound `self`, and what stands in the way."""
