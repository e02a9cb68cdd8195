"""The words of the console that are no status, no operation and no code, in plain English."""

from dataclasses import dataclass

from jobs import conf
from jobs.spec.job import MAX_PRIORITY, MAX_SAMPLE


@dataclass(frozen=True, slots=True)
class Word:
    """`also` are other names that people look for, `see` slugs of other entries."""

    slug: str
    term: str
    text: str
    also: str = ""
    see: tuple[str, ...] = ()


JOBS = (
    Word(
        "job",
        "Job",
        "One operation on one list of objects, such as “delete these 4,000 objects”. You create it,"
        " the console reads the list, you confirm, and workers run the operation on each object.",
        also="batch job, batch operation",
        see=("operation", "object-list", "confirmation", "status"),
    ),
    Word(
        "job-id",
        "Job ID",
        "The name that a job has for computers, 36 characters long. Pages show its first eight."
        " Search takes either, and also the job's ARN or the address of its page.",
        also="ARN, UUID",
    ),
    Word(
        "task",
        "Task",
        "The operation on one object: one row of the list is one task. A task succeeds or fails by"
        " itself, and the other tasks go on.",
        see=("job", "completion-report"),
    ),
    Word(
        "operation",
        "Operation",
        "What the job does to each object: copy it, tag it, delete it, and so on. All of them are"
        " listed below, with what each of them asks of the storage and how to go back.",
        also="operation type",
    ),
    Word(
        "status",
        "Status",
        "How far a job is. A job has one of 13 statuses, and each is explained below.",
        also="state",
    ),
    Word(
        "description",
        "Description",
        "A sentence of yours that names the job in lists. Up to 256 characters, and optional.",
    ),
    Word(
        "job-tag",
        "Job tag",
        "A key with a value on the job itself, such as team=media, to find jobs by and to grant access"
        " by. The objects have tags of their own, which this does not change.",
        also="label, key, value",
        see=("access-policy",),
    ),
    Word(
        "priority",
        "Priority",
        f"A number from 0 to {MAX_PRIORITY:,}. Of two jobs in one Region the one with the higher number"
        " runs first, and the other one waits. You can change it until the job has ended.",
        see=("region", "status-paused"),
    ),
    Word(
        "draft",
        "Draft",
        "A job that you began to create and did not finish. It is saved as you type. Drafts that"
        " nobody opens for 30 days are deleted.",
    ),
    Word(
        "clone",
        "Clone",
        "A new draft with everything that another job had. Change what you like before you create it.",
        also="copy of a job",
    ),
)

LISTS = (
    Word(
        "object-list",
        "Object list",
        "Which objects the job is about. It is a manifest or an inventory that lies in a bucket, a list"
        " of yours, or a listing of a bucket that is made for you.",
        also="list",
        see=("manifest", "inventory", "generated-list"),
    ),
    Word(
        "manifest",
        "Manifest",
        "A CSV object in a bucket that lists the objects of a job, one on each line: bucket, key, and"
        " if you like a version ID. Keys are URL-encoded. There is no header line.",
        also="CSV, list.csv",
        see=("etag", "version-id", "frozen-list"),
    ),
    Word(
        "inventory",
        "S3 Inventory report",
        "A list of all objects of a bucket, which the storage itself writes at regular times. The job"
        " takes its manifest.json.",
        also="manifest.json, Parquet, ORC",
        see=("manifest",),
    ),
    Word(
        "generated-list",
        "Generated list",
        "A list that is made when the job prepares, by listing buckets or prefixes and keeping what"
        " passes your filters. It can be saved in a bucket.",
        also="whole bucket, listing, manifest generator",
        see=("prefix", "filter"),
    ),
    Word(
        "bucket",
        "Bucket",
        "A named place for objects in a storage. One list may name objects of several buckets.",
    ),
    Word(
        "object",
        "Object",
        "What is stored in a bucket: content with a key, and perhaps versions, tags and metadata.",
        also="file",
        see=("key",),
    ),
    Word(
        "key",
        "Key",
        "The name of an object in its bucket, such as photos/2024/a.jpg. The slashes are part of it:"
        " there are no real folders.",
        also="object key, path, folder",
        see=("prefix",),
    ),
    Word(
        "prefix",
        "Prefix",
        "How keys begin. The prefix photos/ means every object whose key begins with photos/.",
        also="folder",
    ),
    Word(
        "filter",
        "Filter",
        "A condition that leaves objects out of the list: by date, size, key, storage class, tags or"
        " metadata, or by SQL over the columns of a list.",
        also="SQL",
    ),
    Word(
        "version-id",
        "Version ID",
        "The name of one version of an object, in a bucket that keeps versions. Without it the job"
        " takes the version that is the newest when its turn comes.",
        also="versioning, version",
        see=("delete-marker",),
    ),
    Word(
        "delete-marker",
        "Delete marker",
        "What a delete leaves in a bucket that keeps versions: the object seems to be gone, and its"
        " versions are still there. Deleting the marker brings the object back.",
    ),
    Word(
        "etag",
        "ETag",
        "A short text that changes whenever the content of an object changes. The job notes that of"
        " its manifest: if somebody changes the manifest, the job fails and does not run another list.",
        see=("failure-manifestchanged",),
    ),
    Word(
        "plus-sign",
        "Plus sign in a key",
        "In some lists + stands for a space, in others for itself. If your list does not say it, the"
        " console looks in the bucket, or asks you.",
        also="+, space, URL encoding",
    ),
)

BEFORE = (
    Word(
        "preparing",
        "Preparing",
        "The whole list is read, checked and counted. No object is touched, and nothing has run when"
        " it ends.",
        see=("status-preparing", "frozen-list"),
    ),
    Word(
        "frozen-list",
        "Frozen list",
        "The list as it was when the job was prepared. The job runs exactly these rows, whatever"
        " happens to the manifest or the bucket afterwards.",
    ),
    Word(
        "confirmation",
        "Confirmation",
        "A job from the console never runs by itself. When its list is counted it waits, and somebody"
        f" has to choose Run job. After {conf.SUSPENDED_LIFETIME.days} days without an answer it fails.",
        also="Run job, confirm, approval, awaiting your confirmation",
        see=("status-suspended", "estimate"),
    ),
    Word(
        "dry-run",
        "Dry run",
        "A job that only reads. It looks at each object and says what the operation would do to it:"
        " would change, already so, would fail. Nothing is changed.",
        also="preview, simulation",
        see=("sample", "guarded", "run-for-real"),
    ),
    Word(
        "sample",
        "Sample",
        f"A dry run over a part of the list, up to {MAX_SAMPLE:,} objects that are spread evenly over"
        " it. Review shows what would happen to up to 100 of them without a job.",
        see=("dry-run",),
    ),
    Word(
        "run-for-real",
        "Run for real",
        "After a dry run: makes the job that runs its list and does what the dry run foresaw.",
        see=("guarded",),
    ),
    Word(
        "guarded",
        "Guarded job",
        "A job that runs the list of its dry run. It touches only objects that are still as the dry"
        " run saw them. The others fail with ObjectChanged and stay as they are.",
        also="guard",
        see=("dry-run", "code-objectchanged"),
    ),
    Word(
        "estimate",
        "Estimate",
        "What a job will ask of the storage: objects, requests by their kind, bytes where the list"
        " knows them, and how long it takes at the rate that was measured for this Region. Retries"
        " and the first looks at each bucket come on top.",
        also="requests, duration, cost",
        see=("rate", "limits"),
    ),
    Word(
        "risk",
        "Risk",
        "How much harm the operation may do with these settings. The greater it is, the more you are"
        " asked before the job runs.",
    ),
)

RUNNING = (
    Word(
        "limits",
        "Limits",
        "How fast a job may go, and when it stops: requests per second, requests in flight, the failure"
        " threshold and the canary. The first two can be changed while it runs.",
        see=("requests-per-second", "in-flight", "failure-threshold", "canary"),
    ),
    Word(
        "requests-per-second",
        "Requests per second",
        "The most requests that a job sends in one second, over all workers. Without it workers find"
        " the rate that the storage bears, and slow down when it throttles.",
        also="rate limit",
        see=("throttling",),
    ),
    Word(
        "in-flight",
        "Requests in flight",
        "The most requests of a job that each worker has sent and that are not answered yet.",
        also="concurrency",
    ),
    Word(
        "failure-threshold",
        "Failure threshold",
        "The job stops when too many of its tasks fail: more than half of them, once 1,000 have run,"
        " unless you set other numbers.",
        see=("failure-failurethresholdexceeded",),
    ),
    Word(
        "canary",
        "Canary",
        "The first few tasks of a job run alone. If too many of them fail, the job pauses and asks you"
        " before it touches the rest.",
        see=("status-paused",),
    ),
    Word(
        "rate",
        "Rate",
        "How many objects finish in one second. It is measured every ten seconds.",
        also="throughput, speed",
    ),
    Word(
        "throttling",
        "Throttling",
        "The storage answers that it gets too many requests (429, 503 SlowDown). Workers slow down and"
        " try again by themselves; no task fails because of it as long as the storage recovers.",
        also="SlowDown, 503, 429",
    ),
    Word(
        "pause-job",
        "Pause and resume",
        "Pausing stops the job after the requests in flight. Resume job goes on where it stopped. What"
        " was done stays done.",
        also="Pause job, Resume job",
        see=("status-paused",),
    ),
    Word(
        "waiting-for-storage",
        "Waiting for the storage",
        "The storage gives no answer. No task fails because of that: the job says what it waits for"
        " and tries again every ten seconds.",
        also="unreachable, outage",
    ),
    Word(
        "live-updates",
        "Live updates",
        "Pages show new numbers by themselves. You can turn that off in your browser; the jobs do not"
        " notice.",
    ),
    Word(
        "worker",
        "Worker",
        "A program that runs tasks or prepares jobs. Without workers jobs wait. Worker health shows"
        " which are there.",
        see=("status-ready",),
    ),
    Word(
        "work-storage",
        "Work storage",
        "Where the console keeps lists and results of jobs until they end: a folder or a bucket of its"
        " own.",
        see=("lost-rows",),
    ),
)

AFTER = (
    Word(
        "completion-report",
        "Completion report",
        "A list in your bucket of what became of each object: succeeded or failed, with the error. A"
        " job has one if you asked for it when you created it.",
        also="report, results",
        see=("report-scope",),
    ),
    Word(
        "report-scope",
        "Scope of the report",
        "Whether the completion report lists all tasks or only those that failed.",
        also="all tasks, failed tasks only",
    ),
    Word(
        "retry-failed",
        "Retry failed",
        "A new job over the objects that failed, made from the completion report. You can retry all of"
        " them or those with one error code.",
        see=("completion-report", "error-code"),
    ),
    Word(
        "error-code",
        "Error code",
        "A word that says why a task failed, mostly the storage's own, such as AccessDenied. The codes"
        " with advice are listed below.",
        also="cause, failure",
    ),
    Word(
        "failure-code",
        "Failure code",
        "A word that says why a whole job failed, such as InvalidManifestContent. They are listed below.",
    ),
    Word(
        "lost-rows",
        "Lost rows",
        "Rows that cannot be run or reported since work storage lost them, after a damaged disk for"
        " example. The job waits until somebody brings them back or accepts the loss.",
        see=("work-storage",),
    ),
    Word(
        "notification",
        "Notification",
        "A message by email or webhook when a job needs somebody or has ended. Each person chooses"
        " what to be told; an administrator sets it up for a team.",
        also="email, webhook, tell me",
    ),
    Word(
        "audit-log",
        "Audit log",
        "Who changed what and when: jobs, Regions, people and policies. Entries cannot be changed.",
    ),
)

STORAGE = (
    Word(
        "region",
        "Region",
        "One S3 storage: its address, its Region code and its credentials. A job runs in one Region.",
        also="endpoint, storage, MinIO, Ceph",
        see=("connection-test",),
    ),
    Word(
        "connection-test",
        "Connection test",
        "Checks a Region by writing, reading and deleting a small object of its own.",
        also="Test connection",
    ),
    Word(
        "capability",
        "Capability",
        "Something that a storage can or cannot do, such as object tags or Object Lock. It is found"
        " out by trying it in a bucket that you choose.",
        also="probe",
    ),
    Word(
        "iam-role",
        "IAM role",
        "A name for the credentials that a job works with. In each Region a role stands for one access"
        " key of the storage; what that key may do, the job may do.",
        also="role, ARN, credentials",
        see=("code-accessdenied",),
    ),
    Word(
        "access-policy",
        "Access policy",
        "A JSON document, written as on AWS, that says who may do what in the console: see, create,"
        " confirm, cancel, administer. It does not change what the storage allows.",
        also="policy, permissions",
        see=("role-viewer", "role-operator", "role-approver", "role-admin"),
    ),
    Word(
        "access-key",
        "Access key",
        "A key ID with a secret, for programs that use the REST API in your name. It may do what you"
        " may do.",
        also="API key, secret",
        see=("service-account",),
    ),
    Word(
        "service-account",
        "Service account",
        "A user for a program. It has access keys and policies, and nobody can sign in with it.",
    ),
    Word(
        "function",
        "Function",
        "A Lambda function, or one that is called in the same way. An administrator connects its"
        " endpoint under Functions and webhooks before jobs can invoke it.",
        also="Lambda",
    ),
    Word(
        "webhook",
        "Webhook",
        "An address of yours that is called for each object of a job, or when something happens to a"
        " job. Calls are signed, so that you can check who sent them.",
    ),
    Word(
        "object-lock",
        "Object Lock",
        "Protects versions from deletion: retention until a date, or a legal hold until it is lifted.",
        also="retention, legal hold, governance, compliance",
    ),
    Word(
        "storage-class",
        "Storage class",
        "How an object is kept, at which price, and how fast it can be read. Archive classes have to be"
        " restored before they can be read.",
        also="Glacier, archive",
    ),
)

WORDS = (
    ("Jobs", JOBS),
    ("Object lists", LISTS),
    ("Before a job runs", BEFORE),
    ("While a job runs", RUNNING),
    ("After a job", AFTER),
    ("Storage and access", STORAGE),
)
