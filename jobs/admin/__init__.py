"""The admin site: imported here, so that Django finds every page."""

from django.contrib import admin

from jobs.admin import accounts, jobs, storage
from jobs.admin.deciding import may_enter

__all__ = ["accounts", "jobs", "storage"]

admin.site.site_header = "batchconsole administration"
admin.site.site_title = "batchconsole"
admin.site.index_title = "What the console keeps"
# A site of another class would have to be there before models are, which decisions need.
admin.site.has_permission = may_enter  # type: ignore[method-assign]
