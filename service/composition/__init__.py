"""Building blocks of `service.app`, the composition root: the parts it enters, each as an async context."""
