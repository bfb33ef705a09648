"""The replay: traces, the hall they need, the order of the day, and what the checks catch."""
