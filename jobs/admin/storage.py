"""Regions, buckets of other Regions, roles and their credentials: these can be changed here.

Secrets are written, never shown: their fields are always empty, and left empty they stay as
they are.
"""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from jobs.access.actions import Action
from jobs.admin.deciding import DecidedMixin
from jobs.models import Bucket, Region, Role, RoleCredentials
from jobs.operations import registry
from jobs.s3.ca_certificates import checked_ca_certificates, holds_private_key

SECRETS = ("secret_access_key", "session_token")


class StorageMixin(DecidedMixin):
    sees = writes = Action.MANAGE_REGIONS


class RoleCredentialsForm(forms.ModelForm[RoleCredentials]):
    secret_access_key = forms.CharField(
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted and never shown again. Leave it empty to keep it.",
    )
    session_token = forms.CharField(
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text="Only for temporary credentials. Leave it empty to keep it.",
    )

    class Meta:
        model = RoleCredentials
        fields = ["role", "region", "ambient", "access_key_id", *SECRETS]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stored = RoleCredentials.objects.filter(pk=self.instance.pk).first()
        for name in SECRETS:
            if not cleaned.get(name):
                cleaned[name] = getattr(stored, name) if stored else ""
        if not cleaned.get("ambient"):
            self._need(cleaned, "access_key_id", "Enter the access key ID.")
            self._need(cleaned, "secret_access_key", "Enter the secret access key.")
        return cleaned

    def _need(self, cleaned: dict[str, Any], name: str, message: str) -> None:
        if not cleaned.get(name):
            self.add_error(name, message)


@admin.register(RoleCredentials)
class RoleCredentialsAdmin(StorageMixin, admin.ModelAdmin[RoleCredentials]):
    form = RoleCredentialsForm
    list_display = ["role", "region", "ambient", "access_key_id"]
    list_select_related = ["role", "region"]
    list_filter = ["region"]


class RegionForm(forms.ModelForm[Region]):
    allowed_operations = forms.MultipleChoiceField(
        choices=[(operation.name, operation.label) for operation in registry.OPT_IN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What people may do here beyond what is always allowed.",
    )

    class Meta:
        model = Region
        fields = "__all__"

    def clean_ca_certificate(self) -> str:
        text: str = self.cleaned_data["ca_certificate"]
        if holds_private_key(text):  # it goes no further, and not back to the browser
            data = cast(QueryDict, self.data).copy()
            data["ca_certificate"] = ""
            self.data = data
        try:
            return checked_ca_certificates(text, timezone.now())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(Region)
class RegionAdmin(StorageMixin, admin.ModelAdmin[Region]):
    form = RegionForm
    list_display = ["name", "code", "endpoint_url", "addressing_style", "verify_tls"]
    readonly_fields = ["created_at", "checked_at", "check_error", "emptied_at"]
    prepopulated_fields = {"slug": ["name"]}

    def save_model(self, request: HttpRequest, obj: Region, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(Bucket)
class BucketAdmin(StorageMixin, admin.ModelAdmin[Bucket]):
    list_display = ["name", "region"]
    list_select_related = ["region"]
    list_filter = ["region"]
    search_fields = ["name"]


@admin.register(Role)
class RoleAdmin(StorageMixin, admin.ModelAdmin[Role]):
    list_display = ["arn"]
    search_fields = ["arn"]
