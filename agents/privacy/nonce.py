"""The veil of a ticket, made from the secret that the workspace keeps for it."""

import secrets

from sqlalchemy import Connection, select, text

from agents.connectors.protocols import Row
from agents.privacy.presidio import free_names
from agents.privacy.veil import Veil
from data.store import Store, table
from data.tables import Nonce

NONCE = table(Nonce)
_KEEP = text(
    "INSERT INTO nonce (id, ticket_id, value) VALUES (:id, :ticket_id, :value) "
    "ON CONFLICT (ticket_id) DO UPDATE SET value = coalesce(nonce.value, excluded.value)"
)


def veil_for(store: Store, ticket: Row, customer: Row | None = None) -> Veil:
    """The veil of `ticket` (its `id` and `requester`); its secret is made when first asked for.

    `customer` is the record of whom the ticket belongs to, once that is known. Call it outside a
    transaction: it may write.
    """
    with store.read() as connection:
        nonce = _nonce(connection, ticket["id"])
    if nonce is None:
        with store.write() as tx:
            made = {"id": tx.ids("n"), "ticket_id": ticket["id"], "value": secrets.token_hex(16)}
            tx.connection.execute(_KEEP, made)
            nonce = _nonce(tx.connection, ticket["id"])
    assert nonce is not None
    return Veil(nonce, customer, ticket.get("requester"), free_names())


def _nonce(connection: Connection, ticket_id: str) -> str | None:
    query = select(NONCE.c.value).where(NONCE.c.ticket_id == ticket_id)
    return connection.execute(query).scalar_one_or_none()
