"""Who works here: accounts, sessions, devices, sign-in, and the account of what they did outside the journal.

Nothing here knows HTTP. Roles are only stored: what each may do is said by the table of routes, and enforced there.
"""
