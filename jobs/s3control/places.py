"""Which account and which Region a request means."""

from jobs import conf
from jobs.models import Region
from jobs.s3control.errors import CallError


def check_account(account_id: str, code: str) -> None:
    """Raises CallError, of that code, for another account than this installation's."""
    own = conf.account_id()
    if account_id != own:
        named = f'"{account_id[:64]}" is not' if account_id else "The header is missing:"
        raise CallError(
            code,
            f"x-amz-account-id: {named} the account of this installation. Its account ID is {own}.",
            404 if code == "NotFoundException" else 400,
        )


def region_named(name: str, code: str) -> Region:
    """The Region that a client signed for: by its slug, or by its code where only one has it.

    Raises CallError, of that code.
    """
    found = [one for one in Region.objects.order_by("slug") if name in (one.slug, one.code)]
    if len(found) == 1:
        return found[0]
    if found:
        slugs = ", ".join(one.slug for one in found)
        said = f'"{name}" names several Regions. Sign for one of them by its slug: {slugs}.'
    else:
        slugs = ", ".join(Region.objects.order_by("slug").values_list("slug", flat=True)) or "none"
        said = f'There is no Region "{name}" here. Sign for one of these: {slugs}.'
    raise CallError(code, said, 404 if code == "NotFoundException" else 400)
