"""Close codes of the sockets.

| code | meaning |
| --- | --- |
| 1008 | the client sent a message |
| 1011 | an internal error |
| 1012 | restart, or the journal was rewritten: reconnect |
| 1013 | the process is full, or the hall cannot be read now: reconnect later |
| 4401 | a ticket was requested without a token |
| 4404 | no such hall, zone or ticket; or the token does not belong to this ticket |

Source: CONTRACT 6; RFC 6455, 7.4.
"""

MESSAGE_SENT = 1008
FAULT = 1011
RESTART = 1012
TRY_LATER = 1013
TOKEN_MISSING = 4401
UNKNOWN = 4404
