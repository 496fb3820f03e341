"""Keeping and forgetting: copies of a workspace, and the removal of personal data from it."""
