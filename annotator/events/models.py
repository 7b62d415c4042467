"""The activity log: one numbered row for each thing that happened in a project."""

from django.db import models

from annotator.accounts.models import User
from annotator.projects.models import Project


class Event(models.Model):
    """Something that happened. `seq` comes from the project's change counter, so order equals commit order."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="event_seq_once")]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.seq} {self.kind}"
