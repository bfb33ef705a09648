"""Personal data: erasure and export."""
