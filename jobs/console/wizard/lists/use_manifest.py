"""A draft stands at a manifest that was just stored for it."""

from django.utils import timezone

from jobs.choices import ManifestFormat
from jobs.console.wizard import drafts, pages
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.steps import MANIFEST
from jobs.console.wizard.submit import look_again
from jobs.models import Draft, Region


def use_manifest(draft: Draft, region: Region, bucket: str, key: str, *, role_arn: str = "") -> str:
    """The draft's list is that object from now on, which is looked at once. Returns the address of
    step 1 with what was found. Raises DraftChangedError where the draft is a job by now.
    """
    fresh = {
        "region": region.slug,
        "kind": "csv",
        "format": str(ManifestFormat.CSV),
        "manifest_object": f"s3://{bucket}/{key}",
        "version_id": "",
        "read_as": role_arn,
    }

    def change(data: Data) -> Data:
        typed = data.get("manifest", {})
        kept = {name: text for name, text in typed.items() if not name.startswith("column-")}
        others = {name: told for name, told in data.items() if name not in ("found", "conversion")}
        return others | {"manifest": kept | fresh}

    seen = Seen(draft.version, drafts.new_tab())
    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), force=True)
    look_again(draft, Seen(draft.version, seen.tab), quiet=True)
    return pages.step_url(draft, MANIFEST, pages.MANIFEST_PANEL_ID)


def role_arn_of(draft: Draft) -> str:
    """The role that the draft's list is read as, empty for the Region's first one."""
    return str(draft.data.get("manifest", {}).get("read_as", ""))
