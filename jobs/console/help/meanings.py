"""What statuses, levels of risk, causes and codes mean, for the page Help; tests see that none is missing."""

from jobs.choices import Foreseen, JobStatus, PauseCause, Risk

STATUSES = {
    JobStatus.NEW: "The job was just created. A worker reads its list as soon as one is free.",
    JobStatus.PREPARING: "A worker reads, checks and counts the list. No object is touched.",
    JobStatus.SUSPENDED: "The list is counted and nothing has run. Somebody has to choose Run job, or"
    " Cancel job.",
    JobStatus.READY: "The job was confirmed and waits for a worker.",
    JobStatus.ACTIVE: "Workers run the tasks.",
    JobStatus.PAUSING: "The job is about to pause: requests that were sent are answered first.",
    JobStatus.PAUSED: "Nothing runs. Its page says why: a person paused it, a job with a higher priority"
    " goes first, the canary found failures, or the storage did not do what was asked.",
    JobStatus.COMPLETING: "All tasks are done, and the completion report is written.",
    JobStatus.COMPLETE: "All tasks were run. Some of them may have failed: the number is beside the"
    " status.",
    JobStatus.CANCELLING: "Somebody cancelled the job. Requests that were sent are answered, and the"
    " report is written. What was changed stays changed.",
    JobStatus.CANCELLED: "Somebody cancelled the job. What was changed before stays changed; the"
    " report says which objects those are.",
    JobStatus.FAILING: "The job stops because of an error, and the report is written.",
    JobStatus.FAILED: "The job stopped because of an error. Its page says which one, with a failure"
    " code.",
}

RISKS = {
    Risk.SAFE: "Nothing is lost and nothing is billed. Run job asks no question.",
    Risk.COST: "Nothing is lost, but the storage may bill a lot of it.",
    Risk.CAUTION: "Objects are changed. You confirm that you know how.",
    Risk.DESTRUCTIVE: "Something of the objects is lost. You type the number of objects or the name of"
    " the bucket before the job runs.",
    Risk.IRREVERSIBLE: "Nobody can undo it, not even with versions. You are asked as for Destructive.",
}

PAUSES = {
    PauseCause.PRIORITY: "A job with a higher priority runs in this Region. This one goes on by itself"
    " afterwards.",
    PauseCause.PERSON: "Somebody chose Pause job. It goes on when somebody chooses Resume job.",
    PauseCause.CANARY: "Too many of the first tasks failed. Look at them, then continue or cancel the"
    " job.",
    PauseCause.STORAGE: "The storage said that it had done something, and a look at the object shows"
    " that it had not. Look at the object that the page names, then resume or cancel the job.",
}

FORESEEN = {
    Foreseen.WOULD_CHANGE: "The operation would change this object.",
    Foreseen.ALREADY_SO: "The object is already as the operation would make it.",
    Foreseen.CANNOT_TELL: "This cannot be found out by reading alone.",
}

FAILURE_CODES = {
    "InvalidManifestContent": "The list has rows that cannot be read, or no rows at all. The reason"
    " names the line. Correct the list and create the job again.",
    "AccessDenied": "The IAM role may not read the list or a bucket that has to be read before the job"
    " runs. Allow it for the role's key in the storage's policy, then create the job again.",
    "ManifestChanged": "The manifest is not the one that the job was created with. Create the job"
    " again with the manifest as it is now.",
    "ManifestEncryptionNotSupported": "The manifest or inventory is encrypted with a key of your own,"
    " which nobody can give to the job. Store it with another encryption.",
    "CrossRegionNotSupported": "A bucket of the list lies in another Region than the job. Create one"
    " job for each Region.",
    "InvalidBucketState": "A bucket lacks what the operation needs, such as Object Lock or a"
    " replication rule. The reason names the bucket.",
    "FailureThresholdExceeded": "More tasks failed than the failure threshold allows. Look at the"
    " causes on Failures, correct them, then choose Retry failed.",
    "ReportNotWritten": "The tasks were run, but the completion report could not be written to its"
    " bucket. Check the bucket and what the IAM role may do there.",
    "SuspendedTooLong": "Nobody confirmed the job in time. Clone it to run it after all.",
    "NotKept": "The storage accepted requests and did not do, or did not keep, what was asked. The job"
    " stopped so as not to go on like that.",
    "ListNotKept": "The list of the dry run is not there any more. Start the dry run again.",
    "InternalError": "Preparing came to nothing several times. The log of the workers says why.",
}
