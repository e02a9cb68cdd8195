"""Functions and webhooks of a test's own, and invocations of them over a real data plane."""

import base64
import hmac
import json
import math
import threading
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Limits, Work
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.lambda_function import LAMBDA, function_at
from jobs.services.s3 import bucket_at
from jobs.services.webhook import webhook_at
from jobs.spec.target import Target
from tests.s3_double import Double, Reply

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SECRET_BYTES = b"a secret of twenty-four bytes"
SECRET = "whsec_" + base64.b64encode(SECRET_BYTES).decode()
JOB_ID = "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:thumbnails"


def answered(body=b"", status=200, headers="", **options):
    """As a Lambda API answers, with the ID of its request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} Whatever\r\nx-amzn-RequestId: R1\r\nContent-Type: application/json\r\n"
        f"Date: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    )
    return Reply(head.encode() + data, **options)


def refused(status, code, message="Some words.", headers=""):
    said = {"Type": "User", "message": message}
    return answered(said, status, f"x-amzn-ErrorType: {code}:http://internal/\r\n{headers}")


def results(received, code="Succeeded", text=None, **more):
    """What a handler that says the same of every task returns."""
    event = json.loads(received.body)
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "PermanentFailure",
        "invocationId": event["invocationId"],
        "results": [
            {"taskId": task["taskId"], "resultCode": code, "resultString": text}
            for task in event["tasks"]
        ],
        **more,
    }


def lost():
    """The connection ends where an answer would begin."""
    return Reply(b"", close=True)


def sigv4_holds(received, keys=KEYS, region="eu-west-1"):
    """Whether botocore would have signed for Lambda just what was received, then."""
    given = received.headers["authorization"]
    signed = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    made = {"host", "x-amz-date", "x-amz-security-token"}
    request = AWSRequest(
        method=received.method,
        url=f"http://{received.headers['host']}{received.target}",
        headers={name: received.headers[name] for name in signed if name not in made},
        data=received.body,
    )
    moment = datetime.strptime(received.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    boto = BotoCredentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(boto, "lambda", region).add_auth(request)
    return request.headers["Authorization"] == given


def webhook_holds(received, secret=SECRET_BYTES):
    """Whether a receiver of Standard Webhooks would take it for the sender's."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    expected = base64.b64encode(hmac.digest(secret, signed, sha256)).decode()
    return headers["webhook-signature"] == f"v1,{expected}"


@dataclass
class Kept:
    """Where tasks keep their states."""

    states: dict[int, bytes] = field(default_factory=dict)
    written: list[bytes] = field(default_factory=list)

    def put(self, index, state):
        self.states[index] = state
        self.written.append(state)


@dataclass
class Places:
    """Functions, a webhook and buckets, all at one server."""

    double: Double
    keys: Credentials = KEYS
    may_be_private: bool = True

    def bucket(self, name):
        return bucket_at(self.double.endpoint, self.keys, name)

    def connected(self, wanted):
        url = self.double.endpoint.url
        if wanted.service == LAMBDA:
            return function_at(Endpoint(url, wanted.place, "path"), self.keys, wanted.name)
        endpoint = Endpoint(f"{url}/hook?of=us", "", "path", may_be_private=self.may_be_private)
        return webhook_at(endpoint, SECRET)


def quickly(**facts):
    """As the engine decides, a hundred times as fast."""
    decision = retry.decide(**facts)
    return decision and retry.RetryDecision(decision.delay_s / 100)


@dataclass
class Invoker:
    """Runs an operation over keys; `kept` are the states of its tasks."""

    plane: DataPlane
    double: Double
    kept: Kept = field(default_factory=Kept)

    def __call__(self, operation, *keys, places=None, **facts):
        return self.batch(operation, *keys, places=places, **facts).outcomes

    def batch(self, operation, *keys, places=None, limits=None, **facts):
        given = [Target("photos", key) if isinstance(key, str) else key for key in keys]
        work = Work(
            operation,
            given,
            places or Places(self.double),
            Limits(**{"in_flight": 4, "task_deadline_s": 5.0, "patience_s": 0.3, **(limits or {})}),
            threading.Event(),
            quickly,
            trust=Trust(waived=True),
            states=self.kept,
            kept=dict(self.kept.states),
            job_id=JOB_ID,
            **facts,
        )
        return self.plane.submit(work).result(timeout=60)


def make_plane():
    return DataPlane(in_flight=64, timeouts=Timeouts(connect_s=5, silence_s=math.inf))
