"""The mechanics of HTTP: connections, addresses, headers, paths, queries, bodies, JSON and problems."""
