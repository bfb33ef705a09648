"""What strangers do to an open port; another client is served meanwhile, each time."""
