"""The simulator against what is known of queues."""
