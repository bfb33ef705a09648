"""Tests of the image and the files beside it, without a container engine."""
