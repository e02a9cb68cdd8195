from typing import Any

from django import forms
from django.contrib.auth.models import User

from jobs.access import first_run, password_links
from jobs.access.emails import normal_form


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

    def account(self) -> str:
        """The email, as accounts have it, in whatever way it was written."""
        return normal_form(self.cleaned_data["email"])


class FirstRunForm(forms.Form):
    """The first administrator's email and password."""

    email = forms.EmailField(
        max_length=150,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={"required": "Enter your email."},
    )
    password = forms.CharField(
        strip=False,
        max_length=4096,
        help_text="At least 8 characters, and none of the common ones.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter a password."},
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter the password again."},
    )

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("password", again):
            raise forms.ValidationError("The two passwords differ.")
        return again

    def clean(self) -> None:
        email, password = self.cleaned_data.get("email"), self.cleaned_data.get("password")
        if email and password and (problem := first_run.problem_with(email, password)):
            self.add_error("password" if "assword" in problem else "email", problem)


class PasswordForm(forms.Form):
    """A password of one's own choice, twice."""

    password = FirstRunForm.base_fields["password"]
    again = FirstRunForm.base_fields["again"]

    def __init__(self, data: Any = None, *, user: User, **options: Any) -> None:
        self.user = user
        super().__init__(data, **options)

    clean_again = FirstRunForm.clean_again

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if problem := password_links.problem_with(password, self.user):
            raise forms.ValidationError(problem)
        return password


class ForgottenForm(forms.Form):
    email = SignInForm.base_fields["email"]


class CodeForm(forms.Form):
    WRONG = "This code is not right, or was used before. Enter the code that the app shows now."

    code = forms.CharField(
        label="Code",
        max_length=100,
        help_text="The 6 digits that your authenticator app shows, or one of your recovery codes.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "class": "mono-input w-sm",
                "spellcheck": "false",
            }
        ),
        error_messages={"required": "Enter a code."},
    )
