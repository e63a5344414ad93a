"""How Alembic reaches the database: on the connection that `app.operating.migrate` opened."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context

import app.models  # noqa: F401  (fills the metadata)
from app.db import Base, UtcDateTime


def as_stored(kind: str, item: Any, _context: object) -> str | bool:
    """Columns as the database has them: a migration must not change when our own types do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a column by copying its table
    transactional_ddl=True,  # in SQLite too: `app.operating.migrate` began a transaction
    render_item=as_stored,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
