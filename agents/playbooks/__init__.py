"""Declared procedures: for each kind of issue the evidence, the diagnosis, the plan and the
reply."""
