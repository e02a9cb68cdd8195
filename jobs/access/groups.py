"""The groups that stand for the roles of the console: Viewer and Operator.

Administrators are staff with the permission to change Regions, or superusers; they need no group.
"""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions

VIEWER = "Viewer"
OPERATOR = "Operator"
PERMISSIONS = {
    VIEWER: ("view_job",),
    OPERATOR: ("view_job", "add_job", "change_job"),
}


def make_groups(sender: AppConfig, **migrated: Any) -> None:
    """Receiver of post_migrate. Adds what is missing and takes nothing away."""
    # Ours comes before the receiver of django.contrib.auth that makes the permissions.
    create_permissions(sender, verbosity=0)
    registry, using = migrated.get("apps", apps), migrated["using"]
    permissions = registry.get_model("auth", "Permission").objects.using(using)
    for name, codenames in PERMISSIONS.items():
        group, _ = registry.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(
            *permissions.filter(content_type__app_label="jobs", codename__in=codenames)
        )
