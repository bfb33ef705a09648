"""The image and what runs beside it: checked, built and run from the very files, without a container engine."""
