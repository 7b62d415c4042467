"""Projects, memberships and classes."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotator.accounts.models import User

DEFAULT_BACKBONE = "tf_efficientnet_lite0"
DEFAULT_STRATEGY = "auto"
RESERVED_HOTKEYS = frozenset("sfuzxg")
MAX_VOTES = 5  # people who label one picture
MAX_GOLD = 6  # known pictures on one Verify page
MAX_CONTROL_SHARE = 0.3  # of a round; more would cost more labels than the comparison is worth


def new_lot_key() -> str:
    """Return the secret under which this project's images draw their lots."""
    return secrets.token_hex(16)


class Role(models.IntegerChoices):
    """What a member may do; each role includes the ones before it."""

    VIEWER = 1, "viewer"
    ANNOTATOR = 2, "annotator"
    REVIEWER = 3, "reviewer"
    LEAD = 4, "lead"


class ProjectQuerySet(models.QuerySet["Project"]):
    """Chainable reads of projects."""

    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """Only what this person is a member of; a site admin sees all but what is being deleted."""
        if not user.is_authenticated:
            return self.none()
        there = self.filter(deleted_at=None)
        return there if user.is_superuser else there.filter(memberships__user=user)


class Project(models.Model):
    """One classification problem: its pictures, classes, people and settings."""

    class LabelMode(models.TextChoices):
        SINGLE = "single"
        MULTI = "multi"

    name = models.CharField(max_length=200)
    instructions = models.TextField(blank=True, default="")
    label_mode = models.CharField(max_length=8, choices=LabelMode, default=LabelMode.SINGLE)
    backbone = models.CharField(max_length=200, default=DEFAULT_BACKBONE)
    strategy = models.CharField(max_length=64, default=DEFAULT_STRATEGY)
    target_per_class = models.PositiveIntegerField(default=500, validators=[MinValueValidator(1)])
    refresh_every = models.PositiveIntegerField(default=32, validators=[MinValueValidator(1)])
    control_share = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_CONTROL_SHARE)],
        help_text="share of each round that is drawn at random, to measure the strategy against",
    )
    round_size = models.PositiveIntegerField(default=64, validators=[MinValueValidator(8), MaxValueValidator(2000)])
    reserve_share = models.FloatField(default=0.10, validators=[MinValueValidator(0), MaxValueValidator(0.5)])
    reserve_max = models.PositiveIntegerField(default=2000)
    blind_every = models.PositiveIntegerField(default=10, validators=[MinValueValidator(2)])
    overlap_share = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="share of the pictures that several people label independently",
    )
    overlap_votes = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(2), MaxValueValidator(MAX_VOTES)],
        help_text="people who label each of them",
    )
    verify_adaptive = models.BooleanField(
        default=True, help_text="the Verify page's size and order follow the measured share of missed exceptions"
    )
    gold_per_page = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(MAX_GOLD)],
        help_text="known pictures of other classes that are planted on a Verify page to measure it",
    )
    lot_key = models.CharField(max_length=32, default=new_lot_key, editable=False)
    # Counters, bumped under this row's lock so that their order equals commit order.
    next_position = models.PositiveBigIntegerField(default=0, editable=False)
    change_seq = models.PositiveBigIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="when it was deleted for ever; nobody sees it since",
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserve_share__gte=0) & models.Q(reserve_share__lte=0.5),
                name="project_reserve_share",
            ),
            models.CheckConstraint(
                condition=models.Q(control_share__gte=0) & models.Q(control_share__lte=MAX_CONTROL_SHARE),
                name="project_control_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}: {self.get_role_display()}"


class LabelClass(models.Model):
    """A class that a picture can have; archived rather than deleted, since annotations name it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="classes")
    index = models.PositiveIntegerField(help_text="order of creation, dense and never reused")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    instructions = models.TextField(blank=True, default="", help_text="what to look for, at length: Markdown")
    aliases = models.JSONField(default=list, blank=True, help_text="other names that the search finds it by")
    color = models.PositiveSmallIntegerField(default=0, help_text="index into the palette of 12")
    hotkey = models.CharField(max_length=1, blank=True, default="")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["project", "index"], name="label_class_index_once"),
            models.UniqueConstraint(fields=["project", "name"], name="label_class_name_once"),
            # A letter is unique among brothers and sisters: the first press opens a parent, the second names a child.
            models.UniqueConstraint(
                fields=["project", "hotkey"],
                condition=~models.Q(hotkey="") & models.Q(archived_at=None, parent=None),
                name="label_class_hotkey_once",
            ),
            models.UniqueConstraint(
                fields=["parent", "hotkey"],
                condition=~models.Q(hotkey="") & models.Q(archived_at=None, parent__isnull=False),
                name="label_class_child_hotkey_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name
