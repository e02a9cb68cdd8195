"""The audit log's rows stay as they were written; tests empty their database all the same."""

from django.db import connection


def let_rows_go() -> None:
    """SQLite is emptied row by row after a test, which the audit log's trigger would refuse."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_delete")
