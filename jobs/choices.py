"""The field's fixed words: job statuses, manifest formats, report scopes.

Values are the wire's own, so that what stands in the database is what `s3control` says
(docs/batch-operations.md, Statuses).
"""

from django.db.models import TextChoices


class JobStatus(TextChoices):
    """The 13 statuses (docs/batch-operations.md, Statuses), labelled as a person reads them."""

    NEW = "New", "New"
    PREPARING = "Preparing", "Preparing"
    SUSPENDED = "Suspended", "Awaiting your confirmation to run"
    READY = "Ready", "Ready"
    ACTIVE = "Active", "Active"
    PAUSING = "Pausing", "Pausing"
    PAUSED = "Paused", "Paused"
    COMPLETING = "Completing", "Completing"
    COMPLETE = "Complete", "Completed"
    CANCELLING = "Cancelling", "Cancelling"
    CANCELLED = "Cancelled", "Cancelled"
    FAILING = "Failing", "Failing"
    FAILED = "Failed", "Failed"


TERMINAL = frozenset({JobStatus.COMPLETE, JobStatus.CANCELLED, JobStatus.FAILED})
"""Nothing happens to a job in one of these again."""

FINISHING = frozenset({JobStatus.COMPLETING, JobStatus.CANCELLING, JobStatus.FAILING})
"""The last requests end and the report is written."""

RUNNABLE = frozenset({JobStatus.READY, JobStatus.ACTIVE})
"""Workers claim chunks of these."""

CANCELLABLE = frozenset(
    {
        JobStatus.NEW,
        JobStatus.PREPARING,
        JobStatus.SUSPENDED,
        JobStatus.READY,
        JobStatus.ACTIVE,
        JobStatus.PAUSING,
        JobStatus.PAUSED,
    }
)
"""A person may still cancel."""

UNSTARTED = frozenset({JobStatus.NEW, JobStatus.PREPARING, JobStatus.SUSPENDED, JobStatus.READY})
"""No task was invoked yet, so cancelling needs no waiting and no report."""


GAVE_UP = frozenset({JobStatus.CANCELLED, JobStatus.FAILED})
"""A job that ended in one of these did not reach all of its objects, or may not have."""


class ManifestFormat(TextChoices):
    """What a manifest is. Whether an inventory's data files are CSV, Parquet or ORC is said in its
    manifest.json; AWS takes CSV only, so its names for an inventory say CSV.
    """

    CSV = "S3BatchOperations_CSV_20180820", "CSV"
    INVENTORY = "S3InventoryReport_CSV_20161130", "S3 Inventory report (manifest.json)"
    SAVED_LIST = "S3InventoryReport_CSV_20211130", "Saved list of a job (manifest.json)"


INVENTORIES = frozenset({ManifestFormat.INVENTORY, ManifestFormat.SAVED_LIST})
"""A manifest.json that names data files; these say which columns they have."""


class ManifestField(TextChoices):
    BUCKET = "Bucket", "Bucket"
    KEY = "Key", "Key"
    VERSION_ID = "VersionId", "Version ID"
    IGNORE = "Ignore", "Ignore"


class ReportScope(TextChoices):
    FAILED_TASKS_ONLY = "FailedTasksOnly", "Failed tasks only"
    ALL_TASKS = "AllTasks", "All tasks"


REPORT_FORMAT = "Report_CSV_20180820"
AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"


class ChunkState(TextChoices):
    PENDING = "Pending", "Pending"
    RUNNING = "Running", "Running"
    WAITING = "Waiting", "Waiting"
    """Its rows were asked for and are not there yet: nobody takes it before its time."""
    DONE = "Done", "Done"
    LOST = "Lost", "Lost"
    """What is needed of it is not in the work storage any more: the rows of the report, where it has
    a result, otherwise its part of the list.
    """


class PauseCause(TextChoices):
    """Why a job is paused. Only the first resumes by itself."""

    PRIORITY = "priority", "A higher-priority job runs first"
    PERSON = "person", "Paused by a person"
    CANARY = "canary", "The canary found failures"
    STORAGE = "storage", "The storage did not do what was asked"


ASKING = (PauseCause.CANARY, PauseCause.STORAGE)
"""Causes of a pause that a person has to decide about, and does not know of."""


class AddressingStyle(TextChoices):
    PATH = "path", "Path style"
    VIRTUAL = "virtual", "Virtual-hosted style"


class Foreseen(TextChoices):
    """What a dry run says of an object (docs/batch-operations.md, Dry run). What would fail has its
    own code instead.
    """

    WOULD_CHANGE = "WouldChange", "Would change"
    ALREADY_SO = "AlreadySo", "Already so"
    CANNOT_TELL = "CannotTell", "Cannot tell"


class Risk(TextChoices):
    """How much harm an operation may do; decides the friction before Run job."""

    SAFE = "Safe", "Safe"
    COST = "Cost", "Cost"
    CAUTION = "Caution", "Caution"
    DESTRUCTIVE = "Destructive", "Destructive"
    IRREVERSIBLE = "Irreversible", "Irreversible"


class OperationGroup(TextChoices):
    """Under which heading an operation is offered."""

    COPY = "Copy and move", "Copy and move"
    PROPERTIES = "Change properties", "Change properties"
    ARCHIVE = "Archive and lock", "Archive and lock"
    DELETE = "Delete", "Delete"
    CHECK = "Check and custom", "Check and custom"


class Capability(TextChoices):
    """What a storage may or may not be able to do; labelled as the page of its Region names it."""

    VERSIONING = "versioning", "Versioning"
    TAGS = "tags", "Object tags"
    COPY_TAGS = "copy-tags", "Tags sent with a copy"
    ACL = "acl", "Access control lists"
    OBJECT_LOCK = "object-lock", "Object Lock"
    RESTORE = "restore", "Restore of archived objects"
    CHECKSUMS = "checksums", "Checksums"
    ENCRYPTION = "encryption", "Encryption of new objects"
    CHANGE_ENCRYPTION = "change-encryption", "Change of encryption"
    REPLICATION = "replication", "Replication rules"
    BATCH_DELETE = "batch-delete", "Deletion of many at once"
    CONDITIONAL_PUT = "conditional-put", "Condition on an upload"
    CONDITIONAL_COPY = "conditional-copy", "Condition on a copy"
    CONDITIONAL_DELETE = "conditional-delete", "Condition on a deletion"
    MULTIPART_COPY = "multipart-copy", "Copy in parts"


class Can(TextChoices):
    """Whether a storage can do something, as a probe found out."""

    YES = "yes", "Yes"
    NO = "no", "No"
    UNTOLD = "untold", "Cannot tell"


OF_BUCKETS = frozenset({Capability.VERSIONING, Capability.OBJECT_LOCK, Capability.REPLICATION})
"""These differ from bucket to bucket of one storage; all others are the storage's own."""
