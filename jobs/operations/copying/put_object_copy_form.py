"""What Copy asks for."""

from jobs.operations.copying import put_object_copy_settings as settings
from jobs.operations.copying.copy_members import STORAGE_CLASS_LABELS, UNSPECIFIED_CLASS
from jobs.operations.fields import (
    BucketField,
    ChoiceField,
    MetadataField,
    Option,
    RegionField,
    SwitchField,
    TagsField,
    TextField,
    options_of,
)
from jobs.operations.form import Form, Item, More, Note, When

KEEP, REPLACE, NONE = "keep", "replace", "none"
_TEXTS = {
    "content_type": "Content-Type",
    "cache_control": "Cache-Control",
    "content_disposition": "Content-Disposition",
    "content_encoding": "Content-Encoding",
    "content_language": "Content-Language",
}

_METADATA = ChoiceField(
    name="metadata_directive",
    label="Metadata",
    options=(
        Option(KEEP, "Keep the source's"),
        Option(
            REPLACE,
            "Replace all metadata",
            sets={"MetadataDirective": "REPLACE", "NewObjectMetadata": {}},
        ),
    ),
    initial=KEEP,
    choose="Choose what happens to the metadata.",
    is_radio=True,
)
_NEW_METADATA: tuple[Item, ...] = (
    Note("New metadata, used when all metadata is replaced. What is left empty is not set."),
    *(
        TextField(
            name=name,
            label=header,
            path=f"NewObjectMetadata.{header.replace('-', '')}",
            high=1024,
        )
        for name, header in _TEXTS.items()
    ),
    settings.EXPIRES,
    MetadataField(
        name="metadata",
        label="User metadata",
        path="NewObjectMetadata.UserMetadata",
        help_text="Names without x-amz-meta-.",
    ),
)
_TAGGING = ChoiceField(
    name="tagging",
    label="Object tags",
    options=(
        Option(KEEP, "Keep the source's"),
        Option(REPLACE, "Replace all tags", where="NewObjectTagging"),
        Option(NONE, "No tags on the copies", sets={"NewObjectTagging": []}),
    ),
    initial=KEEP,
    choose="Choose what happens to the tags.",
    is_radio=True,
)
_NEW_TAGS = TagsField(
    name="new_tags",
    label="Tags of the copies",
    path="NewObjectTagging",
    help_text="Used when all tags are replaced.",
    enter="Enter at least one tag, or choose to set none.",
)
FORM = Form(
    (
        BucketField(
            name="target_bucket",
            label="Destination bucket",
            path="TargetResource",
            help_text="The bucket of the list, without a prefix, copies objects onto themselves: what"
            " is not set here is kept.",
            enter="Enter the name of the destination bucket.",
        ),
        RegionField(
            name="target_region",
            label="Destination Region",
            path="TargetRegion",
            own="The Region of the job",
            help_text="Between Regions with other endpoints or other credentials all bytes flow through"
            " the workers.",
        ),
        TextField(
            name="target_prefix",
            label="Destination prefix",
            path="TargetKeyPrefix",
            high=1024,
            help_text="A folder in that bucket. Empty means that the copies keep their keys.",
            is_code=True,
        ),
        ChoiceField(
            name="storage_class",
            label="Storage class",
            path="StorageClass",
            options=(
                Option("", UNSPECIFIED_CLASS),
                *options_of(STORAGE_CLASS_LABELS),
            ),
        ),
        SwitchField(
            name="acknowledged",
            label="I acknowledge that existing objects with the same name will be overwritten",
            must="Tick the box to confirm that existing objects may be overwritten.",
        ),
        More(
            "More settings: metadata, tags, encryption, ACL",
            (
                _METADATA,
                When(_METADATA.name, (REPLACE,), _NEW_METADATA),
                _TAGGING,
                When(_TAGGING.name, (REPLACE,), (_NEW_TAGS,)),
                *settings.ENCRYPTION,
                *settings.ACCESS,
            ),
        ),
        More("Object Lock of the copies", settings.LOCK),
        More("Conditions, checksum and what is rarely needed", settings.RARE),
    )
)
