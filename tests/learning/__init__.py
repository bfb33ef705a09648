"""What a hall learns from its days."""
