"""What we know of an account beyond what Django has of it."""

from django.conf import settings
from django.db import models

from jobs.models.region import Region


class Person(models.Model):
    """How the owner of an account wants the console, and what administrators ask of them. An account
    has none until something is chosen; all is at its default then.
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", "System"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", "Comfortable"
        COMPACT = "compact", "Compact"

    BROWSER = "browser"
    """A time zone that is that of whatever browser somebody looks with."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="person"
    )
    theme = models.CharField(max_length=16, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=16, choices=Density.choices, default=Density.COMFORTABLE)
    time_zone = models.CharField(max_length=64, default=BROWSER)
    default_region = models.ForeignKey(
        Region, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    live_updates = models.BooleanField(default=True)
    requires_two_factor = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.user)

    @classmethod
    def of(cls, user_id: int) -> "Person":
        """That of an account; one that is not saved yet where nothing was chosen."""
        return cls.objects.filter(pk=user_id).first() or cls(user_id=user_id)
