"""What breaks, slows, floods and lasts: the network, the database, hundreds of screens, and long days."""
