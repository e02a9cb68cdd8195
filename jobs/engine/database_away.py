"""Which errors say that the database is away, and not that we asked for something odd."""

from django.db import InterfaceError, OperationalError

DATABASE_AWAY = (OperationalError, InterfaceError)
"""Leases see to the rest: they run out, and the work is anyone's again. Any other error would come
again with every try, so that a job has to say it.
"""
