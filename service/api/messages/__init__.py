"""Messages to applicants that could not be sent."""
