"""The console at the root, Django's admin site beside it."""

from django.contrib import admin
from django.urls import include, path

from jobs.console.sign_in.views import admin_sign_in

# Here, and not when Django starts: workers have no pages, and 3 MB less each.
admin.autodiscover()

urlpatterns = [
    # Not the admin's own form: it would know no lock-out.
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("jobs.console.urls")),
]

handler403 = "jobs.console.views.errors.forbidden"
handler404 = "jobs.console.views.errors.not_found"
handler500 = "jobs.console.views.errors.server_error"
