"""The Region and the place in it where a draft's list from the browser is stored."""

from dataclasses import dataclass

from django.http import HttpRequest

from jobs.console.forms.typed import storable
from jobs.errors import StorageError
from jobs.lifecycle.list_places import ListPlace, place_for
from jobs.models import Draft, Region


@dataclass(frozen=True, slots=True)
class Where:
    """`place` is None where `error` says what is missing; `regions` are those to choose from."""

    regions: list[Region]
    region: Region | None
    place: ListPlace | None
    error: str

    @property
    def query(self) -> str:
        """For links and forms of the page, so that they mean the same Region."""
        return f"?region={self.region.slug}" if self.region else ""


def where_of(request: HttpRequest, draft: Draft) -> Where:
    """The Region that the address names, else that of the draft, else the first one."""
    regions = list(Region.objects.all())
    typed = draft.data.get("manifest", {})
    wanted = (storable(request.GET.get("region", "")), typed.get("region", ""))
    by_slug = {region.slug: region for region in regions}
    region = next((by_slug[slug] for slug in wanted if slug in by_slug), None)
    region = region or (regions[0] if regions else None)
    if region is None:
        return Where(
            regions, None, None, "No storage is connected yet. An Admin connects a Region."
        )
    role_arn = typed.get("read_as", "") if typed.get("region") == region.slug else ""
    try:
        return Where(regions, region, place_for(region, role_arn), "")
    except StorageError as error:
        return Where(regions, region, None, error.message)
