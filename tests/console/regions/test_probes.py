"""An administrator has a storage tried; what it cannot do is disabled in Create job, with the reason."""

from html import unescape

import pytest
from django.urls import reverse

from jobs.choices import Can, Capability
from jobs.lifecycle import capabilities
from jobs.models import FoundCapability, ProbedBucket, Region
from jobs.operations import registry
from jobs.operations.abilities import abilities_of
from jobs.s3 import keeping
from jobs.services.s3 import S3Service
from tests.bent_storage import bent, refused
from tests.make import make_region, make_role

WITHOUT_TAGS = "GetObjectTagging was answered with 501 NotImplemented."


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(keeping, "LASTS_S", 0)


@pytest.fixture
def region(db, s3_server):
    region = make_region("store", endpoint_url=s3_server)
    make_role(region)
    return region


@pytest.fixture
def without_tags(s3_server):
    def without(sent):
        return refused(501, "NotImplemented") if sent.is_about("tagging") else sent

    with bent(s3_server, without) as url:
        yield url


def text(response):
    return " ".join(unescape(response.content.decode()).split())


def press(client, name, region, *pk, **typed):
    return client.post(reverse(name, args=[region.slug, *pk]), typed, follow=True)


def probe(client, region, bucket):
    return text(
        press(
            client,
            "region-probe",
            region,
            probe_bucket=bucket,
            probe_as=region.credentials.get().pk,
        )
    )


def found(name):
    return FoundCapability.objects.get(name=name)


def test_probe_stores_every_answer_and_shows_it_with_its_evidence(as_admin, region, bucket, s3):
    page = probe(as_admin, region, bucket)
    assert f"The storage was tried in {bucket}:" in page
    row = ProbedBucket.objects.get()
    assert (row.name, row.left, row.role) == (bucket, [], region.credentials.get().role)
    stored = list(row.capabilities.all())
    assert [one.name for one in stored] == list(Capability)
    for one in stored:
        assert one.get_name_display() in page and " ".join(one.evidence.split()) in page
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_probe_again_takes_the_place_of_what_was_found(
    as_admin, region, bucket, without_tags, s3_server
):
    Region.objects.update(endpoint_url=without_tags)
    assert WITHOUT_TAGS in probe(as_admin, region, bucket)
    Region.objects.update(endpoint_url=s3_server)
    page = text(press(as_admin, "region-probe-again", region, ProbedBucket.objects.get().pk))
    assert WITHOUT_TAGS not in page
    assert found(Capability.TAGS).answer == Can.YES
    assert FoundCapability.objects.count() == len(Capability)


def test_bucket_can_be_forgotten_with_all_that_followed_from_it(as_admin, region, bucket):
    probe(as_admin, region, bucket)
    FoundCapability.objects.filter(name=Capability.BATCH_DELETE).update(amount=10)
    capabilities.apply_to(region)
    press(as_admin, "region-probe-remove", region, ProbedBucket.objects.get().pk)
    region.refresh_from_db()
    assert not FoundCapability.objects.exists()
    assert (region.deletes_at_once, region.conditions) == (1000, [])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Enter the name of the bucket."), ("A B", "bucket"), ("a" * 70, "63")],
)
def test_bucket_name_that_is_none_is_refused_at_its_field(as_admin, region, typed, sentence):
    page = text(
        press(
            as_admin,
            "region-probe",
            region,
            probe_bucket=typed,
            probe_as=region.credentials.get().pk,
        )
    )
    assert sentence in page and "There is a problem" in page
    assert not ProbedBucket.objects.exists()


def test_role_of_another_region_is_refused(as_admin, region, bucket):
    other = make_region("other")
    make_role(other)
    foreign = other.credentials.get().pk
    page = text(press(as_admin, "region-probe", region, probe_bucket=bucket, probe_as=foreign))
    assert "Choose an IAM role of the list." in page and not ProbedBucket.objects.exists()


def test_region_without_a_role_says_so_when_it_is_tried_again(as_admin, region, bucket):
    probe(as_admin, region, bucket)
    region.credentials.all().delete()
    page = text(press(as_admin, "region-probe-again", region, ProbedBucket.objects.get().pk))
    assert "No IAM role has credentials here." in page


def test_storage_that_does_not_answer_gets_answers_that_cannot_be_told(as_admin, region, bucket):
    Region.objects.update(endpoint_url="http://127.0.0.1:9")
    page = probe(as_admin, region, bucket)
    assert "0 yes, 0 no, 15 cannot tell." in page and "does not answer" in page


def test_what_could_not_be_removed_is_listed_on_the_page(as_admin, region, bucket, s3_server):
    def keeps_all(sent):
        return refused(403, "AccessDenied") if sent.method == "DELETE" else sent

    with bent(s3_server, keeps_all) as url:
        Region.objects.update(endpoint_url=url)
        page = probe(as_admin, region, bucket)
    assert "Could not be removed again:" in page
    assert f"s3://{bucket}/.batchconsole-scratch-" in page


# --- What follows


def habits_of(region):
    region.refresh_from_db()
    service = S3Service(region.endpoint(), None, connect_timeout_s=1, read_timeout_s=1)
    return service.habits()


def answer(region, bucket, name, can, amount=None):
    row, _ = ProbedBucket.objects.get_or_create(
        region=region, name=bucket, defaults={"probed_at": region.created_at}
    )
    made = FoundCapability.objects.create(
        bucket=row, name=name, answer=can, evidence="It was seen.", amount=amount
    )
    capabilities.apply_to(region)
    return made


def test_worker_begins_with_what_the_probe_found(region):
    answer(region, "photos", Capability.BATCH_DELETE, Can.YES, 100)
    answer(region, "photos", Capability.CONDITIONAL_DELETE, Can.YES)
    answer(region, "photos", Capability.CONDITIONAL_PUT, Can.NO)
    answer(region, "photos", Capability.COPY_TAGS, Can.NO)
    habits = habits_of(region)
    assert (habits.at_once, habits.tags_after_copy) == (100, True)
    assert habits.conditions == {Capability.CONDITIONAL_DELETE}


def test_storage_without_batch_deletion_is_asked_one_by_one_unless_somebody_overrules(region):
    row = answer(region, "photos", Capability.BATCH_DELETE, Can.NO, 1)
    assert habits_of(region).at_once == 1
    capabilities.overrule(row, by=None, at=region.created_at)
    capabilities.apply_to(region)
    assert habits_of(region).at_once == 1000


def test_condition_that_one_bucket_ignores_counts_nowhere(region):
    answer(region, "photos", Capability.CONDITIONAL_COPY, Can.YES)
    answer(region, "archive", Capability.CONDITIONAL_COPY, Can.NO)
    assert habits_of(region).conditions == frozenset()


def test_condition_that_is_ignored_cannot_be_overruled(as_admin, region):
    row = answer(region, "photos", Capability.CONDITIONAL_DELETE, Can.NO)
    assert press(as_admin, "region-overrule", region, row.pk, on="1").status_code == 404
    row.refresh_from_db()
    assert not row.is_overruled


TAGGING = registry.get("S3PutObjectTagging")
LOCK = registry.get("S3PutObjectRetention")


def test_what_is_the_storages_own_counts_in_all_its_buckets_but_where_another_can(region):
    answer(region, "photos", Capability.TAGS, Can.NO)
    assert "does not work in store: It was seen." in capabilities.lacking(TAGGING, region, ["x"])
    answer(region, "archive", Capability.TAGS, Can.YES)
    assert capabilities.lacking(TAGGING, region, ["x"]) == ""
    assert capabilities.lacking(TAGGING, region, ["photos"])


def test_what_differs_from_bucket_to_bucket_counts_for_that_bucket_alone(region):
    answer(region, "photos", Capability.OBJECT_LOCK, Can.NO)
    assert capabilities.lacking(LOCK, region, ["archive"]) == ""
    assert "does not work in bucket photos" in capabilities.lacking(LOCK, region, ["photos"])


def test_what_cannot_be_told_disables_nothing(region):
    answer(region, "photos", Capability.TAGS, Can.UNTOLD)
    assert capabilities.all_lacking(registry.OPERATIONS, region, ["photos"]) == {}


def test_every_ability_that_disables_is_one_that_some_operation_needs():
    needed = {one for operation in registry.OPERATIONS for one in abilities_of(operation)}
    assert needed == capabilities.DISABLING


def test_overruled_capability_disables_nothing_and_says_who_did_it(as_admin, admin, region):
    row = answer(region, "photos", Capability.TAGS, Can.NO)
    assert capabilities.lacking(TAGGING, region)
    page = text(press(as_admin, "region-overrule", region, row.pk, on="1"))
    assert "No, overruled" in page and f"by {admin}" in page and "Do not use" in page
    assert capabilities.lacking(TAGGING, region) == ""
    press(as_admin, "region-overrule", region, row.pk, on="0")
    assert capabilities.lacking(TAGGING, region)


def test_overruling_ends_when_a_probe_finds_that_it_works(as_admin, region, bucket):
    row = answer(region, bucket, Capability.TAGS, Can.NO)
    capabilities.overrule(row, by=None, at=region.created_at)
    probe(as_admin, region, bucket)
    row.refresh_from_db()
    assert (row.answer, row.overruled_at) == (Can.YES, None)
