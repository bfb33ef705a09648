"""Access control: callers and roles, rate limits, browser cookies, and proof of presence at the hall."""
