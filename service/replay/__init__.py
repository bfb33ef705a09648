"""A recorded day of a real hall, lived again by a running server.

`replay` plays the people and the staff of a trace over HTTP, as they would: people take numbers and leave when their
patience ends, counters open, call, serve and close. Afterwards everything that was answered is compared with what the
server shows in other ways: tickets, histories, queue, board, and the journal itself where it can be reached.

Where to look: `trace` (the file), `document` (the hall it needs), `agenda` and `pace` (what is due when), `drive` (who
does what), `client` and `hall` (the calls), `evidence`, `check` and `ledger` (the
comparison), `report` (what is printed).
"""

from service.replay.errors import ReplayError
from service.replay.ledger import JournalReader
from service.replay.options import Options, speed_of
from service.replay.report import Report, print_report
from service.replay.run import replay

__all__ = ["JournalReader", "Options", "ReplayError", "Report", "print_report", "replay", "speed_of"]
