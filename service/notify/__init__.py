"""Messages to applicants: by mail with a calendar file, and by a signed webhook to a gateway that sends them on.

A message is never part of a command: nobody waits for a mail server, and a command decided again sends nothing twice.
What has happened is read from the journal by a cursor of its own (`gather`), and becomes rows of one table, the outbox,
in the transaction that moves the cursor. What is due there is handed over and ticked off (`sender`). The mechanism, and
why no message is sent twice, is told in those two.

Source: DESIGN 3 (nothing is answered before it is committed; no personal data outside its table), JOURNAL 5.
"""
