"""Whatever is sent, the answer is a result or a modelled error, and never a 500."""

import os
import random
from collections import Counter
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from defusedxml.ElementTree import fromstring
from django.utils import timezone

from jobs.models import AccessKey
from tests.access.signed import sent_by_boto3
from tests.connected import connect_all
from tests.make import ROLE_ARN, make_job
from tests.s3control.client import bytes_of, deliver
from tests.s3control.fuzzing import mutated, seeds
from tests.s3control.test_whole_model import REQUESTS, operations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis"), pytest.mark.timeout(0)]

REQUESTS_SENT = int(os.environ.get("FUZZ_REQUESTS", "600"))
"""`make soak` sends 10,000."""
AT_ONCE = 100
NAMESPACE = "{http://awss3control.amazonaws.com/doc/2018-08-20/}"


def bodies(facts):
    for request in [*REQUESTS, *({"Operation": one} for one in operations())]:
        sent = facts | request
        if "ManifestGenerator" in sent:
            sent = {name: value for name, value in sent.items() if name != "Manifest"}
        yield bytes_of(sent_by_boto3(lambda client, sent=sent: client.create_job(**sent)))


def signed(sent, key):
    request = AWSRequest(
        method=sent.method,
        url=f"http://console.test{sent.target}",
        headers={"x-amz-account-id": sent.account},
        data=sent.body,
    )
    S3SigV4Auth(Credentials(key.pk, key.secret), "s3", "us-west-2").add_auth(request)
    return request.prepare()


def test_no_request_gets_a_500(api, facts, region):
    connect_all()
    assert facts["RoleArn"] == ROLE_ARN
    key, chance = AccessKey.objects.get(), random.Random(20180820)
    right = seeds(list(bodies(facts)), make_job(region=region).pk)
    statuses: Counter[int] = Counter()
    for n in range(REQUESTS_SENT):
        sent = mutated(right[n % len(right)], chance)
        prepared = signed(sent, key)
        answer = deliver(prepared)
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, (sent, answer.content, urlsplit(prepared.url))
        if sent.method != "HEAD":
            root = fromstring(answer.content)
            assert (root.tag == f"{NAMESPACE}ErrorResponse") == (answer.status_code != 200)
    # Not all fall at the same hurdle.
    assert statuses[200] > REQUESTS_SENT / 20 and statuses[400] > REQUESTS_SENT / 5
    assert timezone.now() and statuses[403] < REQUESTS_SENT / 10
