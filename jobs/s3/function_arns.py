"""ARNs of functions. Pure.

The Region code in one is what its connection is known by; a function's version or alias stands
behind its name.
"""

import re
from dataclasses import dataclass

EXAMPLE = "arn:aws:lambda:us-east-1:123456789012:function:name"
MOST = 1024
NAME = r"[A-Za-z0-9_-]+"
_ARN = re.compile(
    rf"arn:aws[A-Za-z-]*:lambda:([A-Za-z0-9._-]+):(\d{{12}}):function:({NAME})(?::(\$LATEST|{NAME}))?\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class FunctionArn:
    """`qualifier` is a version or an alias, empty for none."""

    region_code: str
    account_id: str
    name: str
    qualifier: str = ""

    @property
    def function(self) -> str:
        """The name, with its version or alias behind a colon."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


def parse_function_arn(arn: str) -> FunctionArn:
    """Raises ValueError with a sentence."""
    found = _ARN.match(arn)
    if not found or len(arn) > MOST:
        raise ValueError(
            f"Write the function as {EXAMPLE}, with a version or alias behind a colon."
        )
    region_code, account_id, name, qualifier = found.groups()
    return FunctionArn(region_code, account_id, name, qualifier or "")


def is_function_name(name: str) -> bool:
    return len(name) <= 140 and re.fullmatch(NAME, name, re.ASCII) is not None


def function_arn(region_code: str, account_id: str, name: str) -> str:
    return f"arn:aws:lambda:{region_code}:{account_id}:function:{name}"
