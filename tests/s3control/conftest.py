from typing import Any

import pytest
from django.utils import timezone

from tests.make import make_region, make_role, make_user
from tests.s3control.client import ACCOUNT, key_of, signed_in


@pytest.fixture
def region(db: Any) -> Any:
    return make_region("us-west-2")


@pytest.fixture
def role(region: Any) -> Any:
    return make_role(region)


@pytest.fixture
def as_role(region: Any) -> Any:
    """boto3's client for somebody of that role."""

    def client(name: str | None, signed_for: str = "us-west-2") -> Any:
        return signed_in(key_of(make_user(name), timezone.now()), signed_for)

    return client


@pytest.fixture
def api(as_role: Any) -> Any:
    return as_role("operator")


@pytest.fixture
def facts(role: Any) -> dict[str, Any]:
    """A request of CreateJob, as the user guide has it."""
    return {
        "AccountId": ACCOUNT,
        "Operation": {"S3PutObjectTagging": {"TagSet": [{"Key": "keyOne", "Value": "ValueOne"}]}},
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {
                "ObjectArn": "arn:aws:s3:::my_manifests/manifest.csv",
                "ETag": "60e460c9d1046e73f7dde5043ac3ae85",
            },
        },
        "Report": {
            "Bucket": "arn:aws:s3:::bucket-where-completion-report-goes",
            "Prefix": "final-reports",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            "ReportScope": "AllTasks",
        },
        "Priority": 42,
        "RoleArn": role.arn,
        "ClientRequestToken": "once",
        "Description": "job Description",
    }
