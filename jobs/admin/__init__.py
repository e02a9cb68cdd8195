"""The admin site: imported here, so that Django finds every page."""

from jobs.admin import jobs, storage

__all__ = ["jobs", "storage"]
