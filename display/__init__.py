"""The lobby screens: what is called, who waits, and how long, pushed as it is committed.

`board` makes a board of a day, `feed` follows a hall and keeps one frame for all its screens, `watchers` brings it to
each of them, `server` speaks to them over WebSockets; `page` is what a screen shows. Nothing here decides or writes,
and nothing of the service is imported but `service.contract`.
"""
