"""The ready-made roles (docs/access.md, Ready-made roles): a policy and a group of each, made after
every migrate.
"""

from typing import Any

from django.apps import AppConfig, apps

from jobs.access.policy.ready_made import DESCRIPTIONS, DOCUMENTS, OPERATOR, VIEWER

__all__ = ["OPERATOR", "VIEWER", "make_groups"]


def make_groups(sender: AppConfig, **migrated: Any) -> None:
    """Receiver of post_migrate. Adds what is missing and takes nothing away.

    A group that was there before stays as it is: somebody else's "Admin" may be anything.
    """
    registry, using = migrated.get("apps", apps), migrated["using"]
    policies = registry.get_model("jobs", "AccessPolicy").objects.using(using)
    groups = registry.get_model("auth", "Group").objects.using(using)
    for name, document in DOCUMENTS.items():
        facts = {"document": document, "description": DESCRIPTIONS[name], "ready_made": True}
        policy, _ = policies.update_or_create(name=name, defaults=facts)
        group, is_new = groups.get_or_create(name=name)
        if is_new:
            policy.groups.add(group)
