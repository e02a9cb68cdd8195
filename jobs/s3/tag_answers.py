"""Answers to GetObjectTagging, read as botocore would, at a fifth of what it takes.

A dry run and a merge of tags read one for every object.
"""

import xml.etree.ElementTree as ET  # noqa: S405 - what botocore reads the same answers with

from jobs.s3.xml_bodies import local_name


def read_tags(root: ET.Element | None) -> list[dict[str, str]] | None:
    """The TagSet, as `[{"Key": ..., "Value": ...}]`. None where there is anything else in the answer,
    which botocore reads.
    """
    if root is None or len(root) != 1 or local_name(root[0]) != "TagSet":
        return None
    found = []
    for tag in root[0]:
        if local_name(tag) != "Tag" or [local_name(part) for part in tag] != ["Key", "Value"]:
            return None
        key, value = tag
        if len(key) or len(value):
            return None
        found.append({"Key": key.text or "", "Value": value.text or ""})
    return found
