"""Read models: what the console and the command line show, without sessions or tables."""
