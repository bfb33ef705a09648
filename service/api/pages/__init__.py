"""The HTML pages: bundled when the service starts, and served under a strict content security policy."""
