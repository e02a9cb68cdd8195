"""What may be asked for, by the names that access policies use (docs/batch-operations.md, Who may do what)."""

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


class Role(TextChoices):
    """The ready-made ones, each of which may do all that the ones before may."""

    VIEWER = "Viewer"
    OPERATOR = "Operator"
    ADMIN = "Admin"

    @property
    def with_article(self) -> str:
        return f"a {self.value}" if self is Role.VIEWER else f"an {self.value}"


VIEWER_ACTIONS = frozenset(
    {Action.LIST_JOBS, Action.DESCRIBE_JOB, Action.GET_JOB_TAGGING, Action.GET_JOB_REPORT}
)
OPERATOR_ACTIONS = VIEWER_ACTIONS | {
    Action.CREATE_JOB,
    Action.UPDATE_JOB_PRIORITY,
    Action.UPDATE_JOB_STATUS,
    Action.PUT_JOB_TAGGING,
    Action.DELETE_JOB_TAGGING,
    Action.PASS_ROLE,
    Action.PAUSE_JOB,
    Action.RESUME_JOB,
    Action.RETRY_JOB,
    Action.UPDATE_JOB_LIMITS,
}
ACTIONS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: VIEWER_ACTIONS,
    Role.OPERATOR: OPERATOR_ACTIONS,
    Role.ADMIN: frozenset(Action),
}


def role_for(action: Action) -> Role:
    """The least of the ready-made roles that has it."""
    return next(role for role in Role if action in ACTIONS[role])
