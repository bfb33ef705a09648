"""Slips on network printers of kiosks, in ESC/POS.

`slip` makes the bytes of a ticket's slip, `fonts` finds letters for printers that have no Chinese, `printers` talks to
the printers and hears from them. A ticket never waits for paper: printing is asked for after it was given.

Which printer is a kiosk's is a setting of the service, not of the hall: a printer's address lies inside the building's
network, and whoever may write it makes this service open connections there. A manager of a hall may not.
"""
