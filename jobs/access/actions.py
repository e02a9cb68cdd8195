"""What may be asked for, by the names that access policies use (docs/access.md, Actions)."""

from django.db.models import TextChoices


class Action(TextChoices):
    """AWS's own for the eight calls and for the use of a role, and ours beside them."""

    CREATE_JOB = "s3:CreateJob"
    LIST_JOBS = "s3:ListJobs"
    DESCRIBE_JOB = "s3:DescribeJob"
    UPDATE_JOB_PRIORITY = "s3:UpdateJobPriority"
    UPDATE_JOB_STATUS = "s3:UpdateJobStatus"
    GET_JOB_TAGGING = "s3:GetJobTagging"
    PUT_JOB_TAGGING = "s3:PutJobTagging"
    DELETE_JOB_TAGGING = "s3:DeleteJobTagging"
    PASS_ROLE = "iam:PassRole"  # noqa: S105 (no password)
    PAUSE_JOB = "batchconsole:PauseJob"
    RESUME_JOB = "batchconsole:ResumeJob"
    RETRY_JOB = "batchconsole:RetryJob"
    UPDATE_JOB_LIMITS = "batchconsole:UpdateJobLimits"
    GET_JOB_REPORT = "batchconsole:GetJobReport"
    MANAGE_REGIONS = "batchconsole:ManageRegions"
    MANAGE_ACCESS = "batchconsole:ManageAccess"
    VIEW_AUDIT = "batchconsole:ViewAudit"


WITHOUT_RESOURCE = frozenset(
    {
        Action.CREATE_JOB,
        Action.LIST_JOBS,
        Action.MANAGE_REGIONS,
        Action.MANAGE_ACCESS,
        Action.VIEW_AUDIT,
    }
)
"""They are about no one thing: a statement about them has the Resource "*"."""
