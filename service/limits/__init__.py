"""Rate limits per address, browser, contact, code and credential, shared by all processes.

`rules` defines the limits, `allowances` stores the buckets in PostgreSQL, `rate_limiter` applies them.
"""
