"""Every operation with examples of its parameters, as the operations themselves have them."""

import json

from jobs.operations import registry

EXAMPLES = {operation.name: operation.examples for operation in registry.OPERATIONS}
CASES = [(name, parameters) for name, examples in EXAMPLES.items() for parameters in examples]
PLAINEST = [(name, examples[0]) for name, examples in EXAMPLES.items()]


def needs_storage_alone(case):
    """Others call what an administrator connected as well."""
    name, parameters = case
    return not registry.get(name).parse(parameters).connections()


ON_STORAGE = [case for case in CASES if needs_storage_alone(case)]
PLAINEST_ON_STORAGE = [case for case in PLAINEST if needs_storage_alone(case)]


def written_to(parameters, bucket):
    """The same, with `bucket` in the place of the bucket that the examples write to."""
    text = json.dumps(parameters).replace('"arn:aws:s3:::new-photos"', f'"arn:aws:s3:::{bucket}"')
    return json.loads(text)


def prepared(name, parameters, bucket, to="new-photos"):
    """The operation as tasks of a job have it, over objects of `bucket`, which has one rule of
    replication.
    """
    rule = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{to}"}}
    return registry.of_job(name, parameters, {bucket: [rule]})
