"""Replay a recorded day of a real hall against a running server.

The people and staff of a trace act over HTTP: people take tickets and leave when their patience ends; counters open,
call, serve and close. Afterwards all answers are compared with what the server shows in other ways: tickets, histories,
queue, board, and the journal itself if it can be reached.

`trace` reads the file, `trace_hall` makes the hall document for it. `schedule` and `pace` decide what is due when,
`day_driver` carries it out, `client` and `hall_client` send the requests, `ticket_log` keeps the answers.
`server_state`, `checks` and `journal_checks` compare, `report` prints, and `run` puts all together.
"""

from service.replay.errors import ReplayError
from service.replay.journal_checks import JournalReader
from service.replay.options import Options, speed_of
from service.replay.report import Report, print_report
from service.replay.run import replay

__all__ = ["JournalReader", "Options", "ReplayError", "Report", "print_report", "replay", "speed_of"]
