"""What a job is found by besides its ID and its tags: narrow rows, so that all can be read for a search."""

from django.db import models

from jobs.models.job import Job


class SearchText(models.Model):
    """Texts are casefolded. `places` has a line for each of the object list's: "bucket/key" of a
    manifest, "bucket/prefix" of what is listed. `buckets` has one for each bucket that the job reads
    or writes. Both begin and end with a line feed where they are not empty.
    """

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="search_text")
    description = models.CharField(max_length=512, blank=True)
    buckets = models.TextField(blank=True)
    places = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.description
