"""Rows that people change in forms, whichever door these are behind: each change is an entry.

By Django's signals, so that no form and no page of the admin site can be forgotten. Jobs are not
among them: what is done to them passes `Decision.hold`, which writes the entry.
"""

from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db.models import Field, Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from jobs.audit.log import record
from jobs.models import AccessPolicy
from jobs.models.encrypted import EncryptedTextField

REGIONS, ACCESS = "batchconsole:ManageRegions", "batchconsole:ManageAccess"
WATCHED = {
    "jobs.region": REGIONS,
    "jobs.bucket": REGIONS,
    "jobs.role": REGIONS,
    "jobs.rolecredentials": REGIONS,
    "jobs.functionendpoint": REGIONS,
    "jobs.webhook": REGIONS,
    "jobs.subscription": REGIONS,
    "auth.user": ACCESS,
    "auth.group": ACCESS,
    "jobs.accesspolicy": ACCESS,
    "jobs.accesskey": ACCESS,
    "jobs.serviceaccount": ACCESS,
    "jobs.secondfactor": ACCESS,
}
"""Models, and the action that changes them."""

BY_THE_SYSTEM = frozenset(
    {"last_login", "last_used_at", "last_step", "checked_at", "check_error", "control_served_s"}
)
"""Fields that change while things are used: no change of somebody's."""

_MEMBERS = (
    User.groups.through,
    User.user_permissions.through,
    Group.permissions.through,
    AccessPolicy.groups.through,
    AccessPolicy.users.through,
)

_BEFORE = "_facts_before"


def watch() -> None:
    """To be called once, when all models are there."""
    for label in WATCHED:
        model = apps.get_model(label)
        pre_save.connect(_remember, sender=model, dispatch_uid=f"audit {label}")
        post_save.connect(_saved, sender=model, dispatch_uid=f"audit {label}")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"audit {label}")
    for through in _MEMBERS:
        m2m_changed.connect(_members, sender=through, dispatch_uid=f"audit {through}")


def facts_of(row: Model) -> dict[str, Any]:
    """Of secrets only whether there is one; of an address that may hold one, the host."""
    return {
        field.attname: _fact(row, field)
        for field in row._meta.concrete_fields
        if field.name not in BY_THE_SYSTEM
    }


def _fact(row: Model, field: "Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    if field.name == "url":
        parts = urlsplit(str(value))
        return f"{parts.scheme}://{parts.hostname}/..."
    if _is_secret(field):
        return "stored" if value else ""
    if value is None or isinstance(value, bool | int | float | list | dict):
        return value
    return str(value)


def _is_secret(field: "Field[Any, Any]") -> bool:
    return isinstance(field, EncryptedTextField) or field.name in ("password", "url")


def _secrets(row: Model) -> tuple[str, ...]:
    """To tell whether one changed; it goes nowhere."""
    fields = row._meta.concrete_fields
    return tuple(str(getattr(row, field.attname)) for field in fields if _is_secret(field))


def _remember(sender: type[Model], instance: Model, raw: bool = False, **_: Any) -> None:
    old = None if raw or instance._state.adding else _row(sender, instance)
    setattr(instance, _BEFORE, (facts_of(old), _secrets(old)) if old else None)


def _row(sender: type[Model], instance: Model) -> Model | None:
    return sender._base_manager.filter(pk=instance.pk).first()


def _saved(sender: type[Model], instance: Model, raw: bool = False, **_: Any) -> None:
    before, secrets = getattr(instance, _BEFORE, None) or (None, None)
    after = facts_of(instance)
    if before is not None and secrets != _secrets(instance):
        after = {**after, "secrets": "changed"}
    if not raw and before != after and _concerns_all(instance):
        record(_action(sender), _type(sender), instance, before=before, after=after)


def _deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    if _concerns_all(instance):
        record(_action(sender), _type(sender), instance, before=facts_of(instance))


def _members(instance: Model, action: str, model: type[Model], pk_set: Any, **_: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear") or pk_set == set():
        return
    names = [str(row) for row in model._base_manager.filter(pk__in=pk_set or ())]
    change = {f"{model._meta.model_name} {action.removeprefix('post_')}": names or "all"}
    record(ACCESS, _type(type(instance)), instance, after=change)


def _concerns_all(row: Model) -> bool:
    """What somebody is told of their own accord is theirs."""
    return row._meta.model_name != "subscription" or getattr(row, "user_id", None) is None


def _action(sender: type[Model]) -> str:
    return WATCHED[sender._meta.label_lower]


def _type(sender: type[Model]) -> str:
    return sender.__name__
