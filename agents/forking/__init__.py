"""Going on from a step of the past in a shadow copy, with something changed."""
