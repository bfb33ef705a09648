"""Messages to applicants: by mail with a calendar file, and by a signed webhook to a gateway that sends them on.

Sending is not part of a command. A command therefore never waits for a mail server, and deciding a command again sends
no second message. `message_producer` reads events from the journal with its own cursor and inserts messages into the
table `outbox` in the transaction that moves the cursor. `sender` delivers the messages that are due and records the
results. The docstrings of these two modules explain why no message is sent twice.

Source: DESIGN 3 (nothing is answered before it is committed; no personal data outside its table), JOURNAL 5.
"""
