"""Messages: what is gathered, what is sent, and that nothing is sent twice."""
