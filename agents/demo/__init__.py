"""The demo: a generated company, its customers' tickets arriving, and a scripted operator."""
