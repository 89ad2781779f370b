"""Whether a finished dataset is right, judged without the code that made it."""
