"""What holds for every test: no model beyond this computer is asked."""

import os

from agents.brains.model_client import LOOPBACK_ONLY

os.environ[LOOPBACK_ONLY] = "1"
for name in ("HANDRAIL_MODEL", "HANDRAIL_API_BASE"):
    os.environ.pop(name, None)
