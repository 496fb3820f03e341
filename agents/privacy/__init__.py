"""What a model may not see, and what may be put back into its words."""
