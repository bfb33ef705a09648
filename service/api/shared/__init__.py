"""What handlers of several resources use: running commands, and words, names and fields in common."""
