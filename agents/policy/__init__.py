"""Which actions run alone, ask first, ask two people, or never run."""
