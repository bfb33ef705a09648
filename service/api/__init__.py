"""The HTTP rim: it parses, asks the lanes, and answers.

Handlers hold no rule and no SQL. `routes` is the table of all calls: the router, `/openapi.json` and the tests of
routes and roles are made from it. `requests` decodes, `auth` says who asks, `problems` turns refusals into
`application/problem+json`, `answers` has the types of what goes out.

Source: CONTRACT 1, 2 and 5.
"""
