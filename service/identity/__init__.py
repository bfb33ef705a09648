"""Staff accounts, sessions, devices, sign-in, and the audit log of actions outside the journal.

Nothing here depends on HTTP. This package only stores roles; the routes of the API define and enforce the rights of
each role.
"""
