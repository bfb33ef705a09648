"""The lobby screens: push the called numbers, the queue and the waits to screens and phones as events are committed.

`board` makes a board from a day. `feeds` and `hall_feed` follow halls and make the frames; `channels` are the watchers
of one board or ticket. `watchers` and `send_worker` send a frame to many sockets. `server`, `connection`,
`socket_target`, `http_endpoints` and `connection_limits` are the WebSocket server. `page/` is the web page of a screen.

The display decides nothing and writes nothing. From the service it imports only `service.contract`.
"""
