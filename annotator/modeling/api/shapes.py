"""How models are shown: a row of the list, one with all that was measured, the pictures of a cell, the settings."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.images.api.serializers import PersonSerializer, show_person
from annotator.modeling import selectors
from annotator.modeling.models import ModelingSettings, ModelVersion


class ModelRunSerializer(serializers.Serializer[Any]):
    """The run that made a model."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()


class ModelSnapshotSerializer(serializers.Serializer[Any]):
    """The snapshot that a model was trained on."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the gate decided as it did: a code with its values for a translation, and the sentence in English."""

    code = serializers.CharField()
    message = serializers.CharField()
    values = serializers.DictField()


class GateSerializer(serializers.Serializer[Any]):
    """The gate's decision and its reasons."""

    decision = serializers.ChoiceField(choices=["promoted", "rejected", "too_small"])
    missing = serializers.IntegerField(help_text="blind answers that the question still needs")
    reasons = ReasonSerializer(many=True)


class PairedSerializer(serializers.Serializer[Any]):
    """Challenger and champion on the same pictures."""

    count = serializers.IntegerField()
    wins = serializers.IntegerField(help_text="only the challenger is right")
    losses = serializers.IntegerField(help_text="only the champion is right")
    difference = serializers.FloatField(help_text="of the accuracies, as a share")
    lower = serializers.FloatField()
    upper = serializers.FloatField()


class ClassComparisonSerializer(serializers.Serializer[Any]):
    """The comparison on the pictures of one class."""

    class_id = serializers.IntegerField()
    name = serializers.CharField()
    paired = PairedSerializer()
    verdict = serializers.ChoiceField(choices=["passed", "failed", "unclear", "unjudged"])
    missing = serializers.IntegerField()


class RulesSerializer(serializers.Serializer[Any]):
    """What the gate asked for."""

    margin = serializers.FloatField()
    class_drop = serializers.FloatField()
    confidence = serializers.FloatField()
    power = serializers.FloatField()


class GateDetailSerializer(GateSerializer):
    """The gate's decision with all that led to it."""

    overall = PairedSerializer()
    classes = ClassComparisonSerializer(many=True)
    rules = RulesSerializer()


class MeasuredField(serializers.FloatField):
    """A number that was measured on the blind test set; null while that is empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **kwargs)

    def get_attribute(self, version: ModelVersion) -> float | None:
        """Read it off the stored metrics."""
        return selectors.accuracy_of(version.metrics)[str(self.field_name)]


class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    """A model as lists show it. Accuracy is on the blind test set, whose size is `test_size`."""

    run = ModelRunSerializer(allow_null=True)
    snapshot = ModelSnapshotSerializer(allow_null=True)
    accuracy = MeasuredField()
    low = MeasuredField(help_text="of the 95 % interval")
    high = MeasuredField()
    macro_f1 = MeasuredField()
    test_size = serializers.SerializerMethodField()
    gate = serializers.SerializerMethodField()
    promoted_by = serializers.SerializerMethodField()
    rollback = serializers.SerializerMethodField(help_text="it served before and can serve again at once")

    class Meta:
        model = ModelVersion
        fields = [
            *("id", "name", "number", "state", "backbone", "run", "snapshot"),
            *("accuracy", "low", "high", "macro_f1", "test_size", "gate", "champion"),
            *("created_at", "promoted_at", "promoted_by", "rollback"),
        ]

    def get_test_size(self, version: ModelVersion) -> int:
        """How many blind test pictures it was measured on."""
        return selectors.accuracy_of(version.metrics)["test_size"]

    @extend_schema_field(GateSerializer(allow_null=True))
    def get_gate(self, version: ModelVersion) -> dict[str, Any] | None:
        """What the gate said; nothing of the first model."""
        return GateSerializer(version.gate).data if version.gate else None

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_promoted_by(self, version: ModelVersion) -> dict[str, Any] | None:
        """Who let it serve; nobody where the gate did."""
        user = version.promoted_by
        return show_person(user)

    def get_rollback(self, version: ModelVersion) -> bool:
        """Whether going back to it takes no job."""
        return selectors.can_return(version)


class ModelClassSerializer(serializers.Serializer[Any]):
    """A class by its id."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ModelFileSerializer(serializers.Serializer[Any]):
    """A file of the download."""

    name = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class EvaluationSerializer(serializers.Serializer[Any]):
    """How well predictions agree with labels."""

    count = serializers.IntegerField()
    correct = serializers.IntegerField()
    accuracy = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()
    macro_f1 = serializers.FloatField(allow_null=True)
    confusion = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="rows: label, columns: prediction, in the order of the assessment's classes",
    )


class ClassScoreSerializer(serializers.Serializer[Any]):
    """How well one class is found."""

    class_id = serializers.IntegerField()
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    f1 = serializers.FloatField(allow_null=True)
    support = serializers.IntegerField()


class ReliabilitySerializer(serializers.Serializer[Any]):
    """Whether predictions made with a confidence are right as often, in equal bins of it."""

    counts = serializers.ListField(child=serializers.IntegerField())
    confidence = serializers.ListField(child=serializers.FloatField(allow_null=True))
    accuracy = serializers.ListField(child=serializers.FloatField(allow_null=True))
    ece = serializers.FloatField(allow_null=True)


class AssessmentSerializer(serializers.Serializer[Any]):
    """Everything that is told about a model on a set of pictures."""

    evaluation = EvaluationSerializer()
    classes = ClassScoreSerializer(many=True)
    reliability = ReliabilitySerializer()
    ece_before = serializers.FloatField(allow_null=True, help_text="at temperature 1")
    temperature = serializers.FloatField()
    log_loss = serializers.FloatField(allow_null=True)


class MetricsSerializer(serializers.Serializer[Any]):
    """What was measured on the blind test set, and on the snapshot's whole test part."""

    blind = AssessmentSerializer(allow_null=True)
    test = AssessmentSerializer(allow_null=True)


class ModelDetailSerializer(ModelSerializer):
    """A model with all that was measured."""

    classes = serializers.SerializerMethodField(help_text="those it knows, then others that the test set has")
    metrics = serializers.SerializerMethodField()
    files = ModelFileSerializer(many=True)
    url = serializers.SerializerMethodField(help_text="of the download")

    class Meta(ModelSerializer.Meta):
        fields = [*ModelSerializer.Meta.fields, "classes", "metrics", "temperature", "files", "onnx_difference", "url"]

    @extend_schema_field(GateDetailSerializer(allow_null=True))
    def get_gate(self, version: ModelVersion) -> dict[str, Any] | None:
        """What the gate said, with all that led to it."""
        return GateDetailSerializer(version.gate).data if version.gate else None

    @extend_schema_field(ModelClassSerializer(many=True))
    def get_classes(self, version: ModelVersion) -> list[dict[str, Any]]:
        """Classes of the model and of its test set."""
        return selectors.classes_of(version)

    @extend_schema_field(MetricsSerializer)
    def get_metrics(self, version: ModelVersion) -> dict[str, Any]:
        """What was measured."""
        return MetricsSerializer({part: version.metrics.get(part) for part in selectors.PARTS}).data

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_url(self, version: ModelVersion) -> str | None:
        """Where its files are had as one archive; nothing of the first model."""
        return f"/api/projects/{version.project_id}/models/{version.pk}/download" if version.folder else None


class CellPictureSerializer(serializers.Serializer[Any]):
    """A test picture and what the model took it for."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    thumb = serializers.CharField()
    preview = serializers.CharField()
    label = serializers.IntegerField()  # type: ignore[assignment]  # DRF takes declared fields off
    predicted = serializers.IntegerField()
    confidence = serializers.FloatField()


class ModelingSettingsSerializer(serializers.ModelSerializer[ModelingSettings]):
    """How the project promotes models; differences are shares, .01 is one point."""

    class Meta:
        model = ModelingSettings
        fields = ["promotion", "gate_margin", "gate_class_drop", "gate_confidence"]
