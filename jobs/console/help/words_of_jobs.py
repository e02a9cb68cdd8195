"""What a job is, its list, and what comes before it runs, in plain English."""

from jobs import conf
from jobs.console.help.word import Word
from jobs.spec.job import MAX_PRIORITY, MAX_SAMPLE

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
