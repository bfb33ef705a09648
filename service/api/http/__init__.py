"""HTTP handling for all resources: connections, client addresses, headers, paths, queries, bodies, JSON, problems."""
