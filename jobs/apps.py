from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_save


class JobsConfig(AppConfig):
    name = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # By name: this module is loaded before every other and stands outside the import law.
        post_migrate.connect(import_module("jobs.access.groups").make_groups, sender=self)
        import_module("jobs.audit.watching").watch()
        pre_save.connect(import_module("jobs.access.emails").normalise, sender="auth.User")
