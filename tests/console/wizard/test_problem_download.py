"""All problems of a manifest as a file: what the preview has no room for, too."""

import csv
import io

from django.urls import reverse

MIB = 1024 * 1024


def rows_of(response):
    text = b"".join(response.streaming_content).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_file_has_every_problem_also_behind_the_part_that_was_read(wizard, region, role, put):
    good = "photos,2024/autumn/a-long-folder-name/IMG_%07d.jpg\n"
    text = "photos,a b\n" + "".join(good % number for number in range(40_000)) + "photos,=1+1 \n"
    assert len(text) > MIB
    wizard.press("manifest", "check", manifest_object=put("wrong.csv", text))
    address = reverse("draft-problems", args=[wizard.draft.pk])
    assert address in wizard.open("manifest").html
    response = wizard.client.get(address)
    assert 'filename="problems.csv"' in response["Content-Disposition"]
    head, *rows = rows_of(response)
    assert head == ["Line", "Kind", "What is wrong", "Row text", "How to fix"]
    assert [row[:2] for row in rows] == [
        ["1", "Key not URL-encoded"], ["40002", "Key not URL-encoded"],
    ]  # fmt: skip
    assert rows[1][2:] == [
        "Line 40002 has a space in its key.",
        "photos,=1+1 ",
        "Encode it as %20: keys in a manifest are URL-encoded.",
    ]


def test_before_any_look_it_leads_back_to_the_step(wizard, region, role):
    response = wizard.client.get(reverse("draft-problems", args=[wizard.draft.pk]))
    assert response.status_code == 303
    assert response["Location"].endswith("/manifest/#preview")


def test_manifest_that_changed_since_leads_back_to_the_step(wizard, region, role, put):
    wizard.press("manifest", "check", manifest_object=put("wrong.csv", "photos,a b\n"))
    put("wrong.csv", "photos,a\n")
    response = wizard.client.get(reverse("draft-problems", args=[wizard.draft.pk]))
    assert response.status_code == 303


def test_draft_of_another_person_is_not_found(wizard, region, role, put, client):
    wizard.press("manifest", "check", manifest_object=put("wrong.csv", "photos,a b\n"))
    client.logout()
    response = client.get(reverse("draft-problems", args=[wizard.draft.pk]))
    assert response.status_code in (302, 303, 404)
