"""Run by Alembic, on the connection that `service.store.sql.migrate` has opened and locked."""

from alembic import context

from service.store.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
