"""The admin site: imported here, so that Django finds every page."""

from django.contrib import admin

from jobs.admin import accounts, jobs, storage

__all__ = ["accounts", "jobs", "storage"]

admin.site.site_header = "batchconsole administration"
admin.site.site_title = "batchconsole"
admin.site.index_title = "What the console keeps"
