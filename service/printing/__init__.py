"""Print slips on network printers of kiosks, in ESC/POS.

`slip` renders the bytes of a ticket's slip. `fonts` finds a font for printers without Chinese characters. `printers`
communicates with the printers. `printer_monitor` checks them periodically. A ticket never waits for its slip: the slip
is requested after the ticket was issued.

The assignment of printers to kiosks is a setting of the service, not part of a hall document. The address of a printer
is inside the building's network, and its author makes this service open connections there; managers of a hall must not
be able to do that.
"""
