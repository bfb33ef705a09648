"""Personal data: export and erasure on request, and erasure when the retention time is over."""
