"""What tests say about tasks: mocks, assertions, eager mode."""
