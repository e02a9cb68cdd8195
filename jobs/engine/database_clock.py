"""The database's clock: the one that all workers share, so that leases need no equal clocks."""

from django.db import connection

SQL = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())::double precision",
}


def sql() -> str:
    """An expression for now, in seconds since the epoch, in the dialect of the database."""
    return SQL[connection.vendor]


def now_s() -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql()}")
        return float(cursor.fetchone()[0])
