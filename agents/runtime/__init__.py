"""Dispatch: when a ticket is advanced, and by whom; not what advancing means."""
