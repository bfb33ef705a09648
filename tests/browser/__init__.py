"""The pages as people see and hear them: a real browser before a real service."""
