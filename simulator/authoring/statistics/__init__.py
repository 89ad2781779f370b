"""What an epidemiologist counts in a finished log, with intervals."""
