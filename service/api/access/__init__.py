"""Who may do what: roles, the guard before handlers, rate limits, browsers, and presence at the entrance."""
