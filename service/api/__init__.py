"""The HTTP API: decode a request, run its command on a lane, encode the answer.

Handlers contain no rules of the hall and no SQL. `routes` is the table of all operations; the router, `/openapi.json`
and the tests of routes and roles are made from it. Each resource is a package with its own forms (request bodies),
handlers, answers (response bodies) and routes. `access` identifies callers and checks their roles. `http` handles
connections, headers, bodies and problems. `shared` has the parts that several resources use.

Source: CONTRACT 1, 2 and 5.
"""
