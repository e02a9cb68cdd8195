"""The database's clock, which all workers share so that leases need no equal clocks; and which
errors say that the database is away, not that we asked for something odd.
"""

from django.db import InterfaceError, OperationalError, connection

NOW_SQL = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "EXTRACT(EPOCH FROM clock_timestamp())::double precision",
}

DATABASE_AWAY = (OperationalError, InterfaceError)
"""Leases see to the rest: they run out, and the work is anyone's again. Any other error would come
again with every try, so that a job has to say it.
"""


def now_sql() -> str:
    """An expression for now, in seconds since the epoch, in the dialect of the database."""
    return NOW_SQL[connection.vendor]


def now_s() -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now_sql()}")
        return float(cursor.fetchone()[0])
