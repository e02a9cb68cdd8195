"""A job that runs, what comes after, and what stands around it, in plain English."""

from jobs.console.help.word import Word

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
