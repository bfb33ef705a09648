"""Booking: the slots of a day and the capacity that bookings leave."""
