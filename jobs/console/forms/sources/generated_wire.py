"""The form of a generated list to the generator's wire form and back, where one field is not one
member. Pure.

What AWS can say is said as AWS does: a job over one bucket and one prefix has nothing of ours in it.
"""

import re
from collections.abc import Mapping
from typing import Any

from jobs.console.forms.sources import generated_fields as fields
from jobs.console.forms.sources.pair_rows import pair_of, typed_pairs, typed_rows
from jobs.console.forms.typed import Typed
from jobs.operations import wire as wires
from jobs.operations.fields import MomentField
from jobs.s3.arns import bucket_arn, parse_s3_uri
from jobs.spec.generator import GeneratorSpec
from jobs.spec.generator_extension import CURRENT
from jobs.spec.manifest_output import SAVED_FORMAT

Wire = dict[str, Any]
Values = Mapping[str, Any]

_CONSTRAINT = {
    "MatchAnyPrefix": fields.STARTS,
    "MatchAnySuffix": fields.ENDS,
    "MatchAnySubstring": fields.HOLDS,
}
_AT = re.compile(
    r"(?:Filter|BatchConsole)\.KeyNameConstraint\.(\w+)(?:\[(\d+)\])?"
    r"|BatchConsole\.(Globs|RegularExpression)(?:\[(\d+)\])?"
)


def key_filter_at(path: str) -> tuple[str, int]:
    """Which condition on keys a path is about, and which of its kind; "" for none."""
    found = _AT.match(path)
    if not found:
        return "", 0
    kinds = {"Globs": fields.GLOB, "RegularExpression": fields.EXPRESSION}
    how = kinds.get(found[3] or "") or _CONSTRAINT.get(found[1] or "", fields.STARTS)
    number = int(found[2] or found[4] or 0)
    return how, number + (1 if path.startswith("BatchConsole.KeyName") else 0)


def wire_of(values: Values, simple: Wire, sql: str = "") -> Wire:
    """`simple` has the members that a field stands for as it is; `values` are all of the form but `sql`."""
    generator: Wire = {"EnableManifestOutput": bool(values["saves"])}
    wires.merge(
        generator, {n: v for n, v in simple.items() if n in ("Filter", "ExpectedBucketOwner")}
    )
    more: Wire = {}
    _write_sources(values, generator, more)
    _write_names(values, generator, more)
    _write_ticks(values, generator)
    _write_encryption(values, generator)
    if values["eligible"]:
        wires.put(generator, "Filter.EligibleForReplication", values["eligible"] == "on")
    _write_output(values, generator)
    for name, member in (("tags", "Tags"), ("metadata", "Metadata")):
        if values[name]:
            more[member] = [pair_of(row) for row in values[name]]
    if values["versions"] == fields.PINNED:
        more["PinCurrentVersions"] = True
    elif values["versions"] and values["versions"] != CURRENT:
        more["Versions"] = values["versions"]
    if sql:
        more["Filter"] = {"SQL": sql}
    whole: Wire = {"ManifestGenerator": {"S3JobManifestGenerator": generator}}
    return whole | ({"BatchConsole": more} if more else {})


def _write_sources(values: Values, generator: Wire, more: Wire) -> None:
    paths = [values["source"], *(row["path"] for row in values["more_sources"])]
    prefixes: dict[str, list[str]] = {}
    for bucket, prefix in map(parse_s3_uri, paths):
        known = prefixes.setdefault(bucket, [])
        if prefix not in known:
            known.append(prefix)
    first = next(iter(prefixes))
    generator["SourceBucket"] = bucket_arn(first)
    begins = any(row["how"] == fields.STARTS for row in values["key_filters"])
    if len(prefixes) == 1 and prefixes[first] == [""]:
        return
    if len(prefixes) == 1 and len(prefixes[first]) == 1 and not begins:
        wires.put(generator, "Filter.KeyNameConstraint.MatchAnyPrefix", prefixes[first])
        return
    more["Sources"] = [
        {"Bucket": bucket_arn(bucket)} | ({} if "" in known else {"Prefixes": known})
        for bucket, known in prefixes.items()
    ]


def _write_names(values: Values, generator: Wire, more: Wire) -> None:
    """AWS takes one text of each kind; further ones are ours."""
    rows = values["key_filters"]
    for member, how in _CONSTRAINT.items():
        texts = [row["text"] for row in rows if row["how"] == how]
        if texts:
            wires.put(generator, f"Filter.KeyNameConstraint.{member}", texts[:1])
        if texts[1:]:
            wires.put(more, f"KeyNameConstraint.{member}", texts[1:])
    if globs := [row["text"] for row in rows if row["how"] == fields.GLOB]:
        more["Globs"] = globs
    for row in rows:
        if row["how"] == fields.EXPRESSION:
            more["RegularExpression"] = row["text"]


def _write_ticks(values: Values, generator: Wire) -> None:
    classes = [name for name in fields.STORAGE_CLASSES if values[f"class-{name}"]]
    if classes:
        wires.put(generator, "Filter.MatchAnyStorageClass", classes)
    statuses = [name for name in fields.STATUSES if values[f"status-{name}"]]
    if statuses:
        wires.put(generator, "Filter.ObjectReplicationStatuses", statuses)


def _write_encryption(values: Values, generator: Wire) -> None:
    kind = values["encryption"]
    if not kind:
        return
    inner: Wire = {}
    if kind in ("SSE-KMS", "DSSE-KMS") and values["encryption_key"]:
        inner["KmsKeyArn"] = values["encryption_key"]
    if kind == "SSE-KMS" and values["bucket_key"]:
        inner["BucketKeyEnabled"] = values["bucket_key"] == "on"
    wires.put(generator, "Filter.MatchAnyObjectEncryption", [{kind: inner}])


def _write_output(values: Values, generator: Wire) -> None:
    if not values["saves"]:
        return
    bucket, prefix = parse_s3_uri(values["saved_path"])
    output: Wire = {"Bucket": bucket_arn(bucket), "ManifestFormat": SAVED_FORMAT}
    if prefix.rstrip("/"):
        output["ManifestPrefix"] = prefix.rstrip("/")
    if values["saved_encryption"] == "SSE-S3":
        output["ManifestEncryption"] = {"SSE-S3": {}}
    if values["saved_encryption"] == "SSE-KMS":
        output["ManifestEncryption"] = {"SSE-KMS": {"KeyId": values["saved_key"]}}
    generator["ManifestOutputLocation"] = output


# --- Back


def typed_of(spec: GeneratorSpec) -> Typed:
    """What somebody would have typed to get this list."""
    paths, names = _paths(spec)
    asked, output = spec.filter, spec.output
    encryption = asked.encryption
    used = {None: "", True: "on", False: "off"}
    typed: Typed = {
        "source": paths[0],
        "versions": _versions(spec),
        "eligible": used[asked.eligible_for_replication],
        "expected_owner": spec.expected_owner or "",
        "created_after": _moment(asked.created_after),
        "created_before": _moment(asked.created_before),
        "larger_than": _number(asked.larger_than_bytes),
        "smaller_than": _number(asked.smaller_than_bytes),
        "encryption": encryption.kind if encryption else "",
        "encryption_key": (encryption.key_arn or "") if encryption else "",
        "bucket_key": used[encryption.bucket_key] if encryption else "",
        "saved_path": f"s3://{output.bucket}/{output.prefix}" if output else "",
        "saved_encryption": (output.encryption or "") if output else "",
        "saved_key": (output.key_id or "") if output else "",
    }
    typed |= {f"class-{name}": "on" for name in asked.storage_classes}
    typed |= {f"status-{name}": "on" for name in asked.replication_statuses}
    typed |= {"saves": "on"} if spec.saves else {}
    typed |= typed_rows("more_sources", [{"path": path} for path in paths[1:]])
    typed |= typed_rows("key_filters", [{"how": how, "text": text} for how, text in names])
    typed |= typed_pairs("tags", spec.more.tags)
    return typed | typed_pairs("metadata", spec.more.metadata)


def _versions(spec: GeneratorSpec) -> str:
    if spec.more.pins_versions:
        return fields.PINNED
    return spec.versions if spec.more.versions else CURRENT


def _paths(spec: GeneratorSpec) -> tuple[list[str], list[tuple[str, str]]]:
    """Sources, and conditions on keys: the only prefix of a bucket is a part of its source."""
    names = spec.names
    begins = list(names.prefixes)
    if spec.more.sources:
        paths = [
            f"s3://{one.bucket}/{prefix}" if prefix else f"s3://{one.bucket}"
            for one in spec.more.sources
            for prefix in one.prefixes or ("",)
        ]
    elif len(begins) == 1:
        paths, begins = [f"s3://{spec.bucket}/{begins[0]}"], []
    else:
        paths = [f"s3://{spec.bucket}"]
    conditions = [(fields.STARTS, text) for text in begins]
    conditions += [(fields.ENDS, text) for text in names.suffixes]
    conditions += [(fields.HOLDS, text) for text in names.substrings]
    conditions += [(fields.GLOB, text) for text in spec.more.globs]
    if spec.more.expression is not None:
        conditions.append((fields.EXPRESSION, spec.more.expression))
    return paths, conditions


def _moment(text: str | None) -> str:
    return MomentField(name="m", label="").from_wire(text) if text else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
