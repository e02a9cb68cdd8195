"""Policy documents at random, over a few words so that many of them fit."""

from hypothesis import strategies as st

TAG_KEYS = ("team", "Team", "stage")
TAG_VALUES = ("blue", "Blue", "red", "", "a*b", "axb", "50%_[x]")
ACTIONS = ("s3:DescribeJob", "s3:Describe*", "*", "s3:ListJobs", "S3:DESCRIBEJOB", "s3:UpdateJob*")
RESOURCES = (
    *("*", "arn:aws:s3:*:*:job/*", "arn:aws:s3:north:*:job/*", "arn:aws:s3:*:*:job/a*"),
    *("arn:aws:s3:n*:job/?1*", "arn:aws:s3:*", "arn:aws:iam::*:role/*", "arn:aws:*/*${*}*"),
    *("arn:aws:s3:${aws:PrincipalTag/region}:*:job/*", "arn:aws:s3:${aws:PrincipalTag/none}:*"),
)
TEXTS = (
    *("blue", "BLUE", "red", "", "*", "b*", "?lue", "a${*}b", "a*b", "50%_[x]", "*[x]", "50?_*"),
    *("${aws:PrincipalTag/team}", "${aws:PrincipalTag/none, 'red'}", "${aws:PrincipalTag/none}"),
    *("S3PutObjectCopy", "S3DeleteObject", "S3*Object*", "AWAITING_CONFIRMATION", "AWAITING*"),
)
NUMBERS = ("0", "10", "10.0", "9.5", "10.5", "-1", "99999999999999999999999", "2147483648", 11)
STRING_KEYS = (
    *("aws:ResourceTag/team", "AWS:resourcetag/TEAM", "aws:ResourceTag/stage"),
    *("s3:ExistingJobOperation", "s3:JobSuspendedCause", "aws:PrincipalTag/team"),
    *("aws:RequestTag/team", "aws:username"),
)
NUMERIC_KEYS = (
    *("s3:ExistingJobPriority", "batchconsole:TotalTasks", "batchconsole:JobBytes"),
    "s3:RequestJobPriority",
)
STRING_OPERATORS = tuple(
    f"String{negated}{name}"
    for name in ("Equals", "EqualsIgnoreCase", "Like")
    for negated in ("", "Not")
)
NUMERIC_OPERATORS = tuple(
    f"Numeric{name}"
    for name in (
        *("Equals", "NotEquals", "LessThan", "LessThanEquals"),
        *("GreaterThan", "GreaterThanEquals"),
    )
)


def several(values, most=3):
    """One value, or a list of them."""
    listed = st.lists(st.sampled_from(values), min_size=1, max_size=most)
    return st.sampled_from(values) | listed


def conditions():
    before = st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))
    behind = st.sampled_from(("", "", "IfExists"))

    def of(operators, keys, values):
        names = st.builds("".join, st.tuples(before, st.sampled_from(operators), behind))
        of_keys = st.dictionaries(st.sampled_from(keys), several(values), min_size=1, max_size=2)
        return st.tuples(names, of_keys)

    null = st.tuples(
        st.just("Null"),
        st.dictionaries(
            st.sampled_from((*STRING_KEYS, *NUMERIC_KEYS)),
            several(("true", "false", True), 2),
            min_size=1,
            max_size=2,
        ),
    )
    one = (
        of(STRING_OPERATORS, STRING_KEYS, TEXTS)
        | of(NUMERIC_OPERATORS, NUMERIC_KEYS, NUMBERS)
        | of(("Bool",), ("batchconsole:IsJobOwner",), ("true", "false"))
        | of(("DateLessThan",), ("aws:CurrentTime",), ("2026-12-01", "2027-01-01T00:00:00Z"))
        | of(("IpAddress", "NotIpAddress"), ("aws:SourceIp",), ("10.0.0.0/8", "2001:db8::/32"))
        | null
    )
    return st.lists(one, max_size=3).map(dict)


@st.composite
def statements(draw):
    statement = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    statement[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(several(ACTIONS))
    statement[draw(st.sampled_from(("Resource", "Resource", "NotResource")))] = draw(
        several(RESOURCES, 2)
    )
    condition = draw(conditions())
    if condition:
        statement["Condition"] = condition
    return statement


def documents():
    return st.lists(statements(), min_size=1, max_size=4).map(
        lambda found: {"Version": "2012-10-17", "Statement": found}
    )
