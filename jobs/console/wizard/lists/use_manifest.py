"""A draft stands at a list that was just stored or ticked for it."""

import re

from django.utils import timezone

from jobs.console.forms.typed import Typed
from jobs.console.wizard import drafts, pages
from jobs.console.wizard.drafts import Data, Seen
from jobs.console.wizard.looks.again import look_again
from jobs.console.wizard.steps import MANIFEST
from jobs.models import Draft, Region

_OF_ANOTHER_LIST = re.compile(r"(?:column|more_sources)-\d+")


def use_manifest(draft: Draft, region: Region, bucket: str, key: str, *, role_arn: str = "") -> str:
    """The draft's list is that object from now on, which is looked at once. Returns the address of
    step 1 with what was found. Raises DraftChangedError where the draft is a job by now.
    """
    return use_list(
        draft,
        {
            "region": region.slug,
            "kind": "csv",
            "manifest_object": f"s3://{bucket}/{key}",
            "version_id": "",
            "read_as": role_arn,
        },
    )


def use_list(draft: Draft, fresh: Typed) -> str:
    """As if `fresh` had been typed in step 1, and the list checked. Returns the address of step 1."""

    def change(data: Data) -> Data:
        typed = data.get("manifest", {})
        kept = {name: text for name, text in typed.items() if not _OF_ANOTHER_LIST.match(name)}
        others = {name: told for name, told in data.items() if name not in ("found", "conversion")}
        return others | {"manifest": kept | fresh}

    seen = Seen(draft.version, drafts.new_tab())
    drafts.save(draft, MANIFEST, change, seen, now=timezone.now(), force=True)
    look_again(draft, Seen(draft.version, seen.tab), quiet=True)
    return pages.step_url(draft, MANIFEST, pages.MANIFEST_PANEL_ID)


def role_arn_of(draft: Draft) -> str:
    """The role that the draft's list is read as, empty for the Region's first one."""
    return str(draft.data.get("manifest", {}).get("read_as", ""))
