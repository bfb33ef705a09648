"""The command line `./paihao COMMAND`: one module per command, put together in `main`."""
