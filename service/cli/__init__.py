"""The command line: `./paihao COMMAND`, one module per group of commands."""
