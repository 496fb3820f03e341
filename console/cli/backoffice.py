"""`handrail backoffice`: the rows of the embedded back office."""

from typing import Annotated, Any

import typer

from console.cli.options import AsJson, Db, Limit, Offset, rows_wanted
from console.cli.printing import print_json, print_table
from console.cli.tickets import tell_of_the_rest
from console.describe import shown


def backoffice(
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[TABLE]", help="Such as charges, customers, effects.", show_default=False
        ),
    ] = None,
    db: Db = None,
    as_json: AsJson = False,
    limit: Limit = None,
    offset: Offset = 0,
) -> None:
    """Print the rows of a table; without TABLE, how many each holds. `effects`: every write."""
    from agents.connectors.embedded.reader import EmbeddedReader
    from agents.connectors.embedded.schema import TABLES
    from console.bootstrap import backoffice_file

    if table is not None and table not in TABLES:
        raise typer.BadParameter(
            f"no table {table!r}; there are {', '.join(TABLES)}", param_hint="TABLE"
        )
    reader = EmbeddedReader(backoffice_file(db))
    try:
        found = {name: reader.table(name) for name in ([table] if table else TABLES)}
    finally:
        reader.close()
    if table is None:
        if as_json:
            print_json(found)
        else:
            print_table(["table", "rows"], [(n, f"{len(rows):,}") for n, rows in found.items()])
        return
    rows = found[table]
    page = rows[offset : offset + rows_wanted(limit, as_json=as_json)]
    if as_json:
        print_json({table: page})
        return
    if page:
        columns = _filled(page)
        print_table(columns, [[_cell(row[name]) for name in columns] for row in page])
    tell_of_the_rest(len(page), len(rows), offset, "row")


def _filled(rows: list[dict[str, Any]]) -> list[str]:
    """The columns in which a row holds something."""
    return [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)]


def _cell(value: Any) -> str:
    return "" if value is None else shown(value, 60)
