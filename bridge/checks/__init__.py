"""System checks: what settings, tasks and a deployment say that cannot be meant."""
