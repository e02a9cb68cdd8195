from django import forms
from django.contrib.auth.models import User


class SignInForm(forms.Form):
    """The password is never sent back; the email is."""

    email = forms.CharField(
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={"required": "Enter your email."},
    )
    password = forms.CharField(
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )
    keep = forms.BooleanField(required=False, label="Keep me signed in on this device")

    def username(self) -> str:
        """User names are emails, in whatever case they were written down."""
        typed: str = self.cleaned_data["email"]
        known = User.objects.filter(username__iexact=typed).order_by("pk").first()
        return known.username if known else typed
