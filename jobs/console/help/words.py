"""The words of the console that are no status, no operation and no code."""

from jobs.console.help.words_of_jobs import BEFORE, JOBS, LISTS
from jobs.console.help.words_of_runs import AFTER, RUNNING, STORAGE

WORDS = (
    ("Jobs", JOBS),
    ("Object lists", LISTS),
    ("Before a job runs", BEFORE),
    ("While a job runs", RUNNING),
    ("After a job", AFTER),
    ("Storage and access", STORAGE),
)
