"""The journal against a real PostgreSQL."""
