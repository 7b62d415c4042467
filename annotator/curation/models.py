"""Findings of the machine, what people said against them, and how far the search for near-duplicates has come."""

from __future__ import annotations

from django.db import models

from annotator.accounts.models import User
from annotator.images.models import Image
from annotator.projects.models import Project


class Finding(models.Model):
    """Something the machine doubts about a picture, with the reason that it had."""

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=16, choices=Kind)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="findings")
    other = models.ForeignKey(
        Image, on_delete=models.CASCADE, related_name="+", help_text="the earlier picture of a pair of duplicates"
    )
    score = models.FloatField(help_text="how sure the machine is, 0 … 1")
    reason = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "image", "other"], name="finding_once")]
        indexes = [models.Index(fields=["project", "kind"], name="finding_project_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of image {self.image_id}"


class DuplicateSearch(models.Model):
    """How far a project's pictures were compared. `version` moves with everything that groups are made of."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="duplicate_search")
    length = models.PositiveBigIntegerField(default=0, help_text="positions below it were compared with each other")
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"project {self.project_id} up to {self.length}"


class Separation(models.Model):
    """A person's judgement, never changed: pictures in different parts are no duplicates of one another."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="separations")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    parts = models.JSONField(help_text="lists of positions")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{len(self.parts)} parts in project {self.project_id}"
