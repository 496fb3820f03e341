"""What a served app's process is told of the environment: what it needs, and nothing secret."""

from collections.abc import Mapping

TERMINAL = {
    "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM": "xterm-256color",
    "TERM_PROGRAM": "textual",
}

_KEPT = {
    "HANDRAIL_BACKOFFICE", "HANDRAIL_SETTINGS", "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH",
    "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
}  # fmt: skip


def environment_of(
    environment: Mapping[str, str], db: str, columns: int, rows: int
) -> dict[str, str]:
    """The environment of an app on the workspace `db`, in a terminal of that size.

    Only names that are known to be harmless are taken over, so that no token or key of who started
    the server is, whatever it is called.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in _KEPT or name.startswith("LC_")
    }
    size = {"COLUMNS": str(columns), "ROWS": str(rows)}
    return kept | TERMINAL | size | {"HANDRAIL_DB": db}
