"""The command line: arguments in, exit code out. No rules live here."""
