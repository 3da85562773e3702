"""Options of a task decorator, each turned into a `task` argument, a policy or a finding."""
