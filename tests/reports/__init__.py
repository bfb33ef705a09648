"""What reports and operations read."""
