"""The command line: `python3 -m feedback COMMAND`."""
