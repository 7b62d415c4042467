"""REST views of what selection saves: the strategy's labels against those of the control arm."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.jobs.api import JobSerializer, show_job
from annotator.labeling.models import SelectionGain
from annotator.labeling.selectors import arm_sizes
from annotator.labeling.services import request_measurement
from annotator.projects.api import ProjectView
from annotator.projects.models import Role


class ArmCountsSerializer(serializers.Serializer):
    """Labels of either arm, and the blind answers that both are judged on."""

    control = serializers.IntegerField(help_text="labels of pictures that were drawn at random")
    chosen = serializers.IntegerField(help_text="labels of pictures that the strategy chose")
    blind = serializers.IntegerField()


class GainPointSerializer(serializers.Serializer):
    """Blind accuracy of heads on the first n labels of an arm, with its 95 % interval."""

    n = serializers.IntegerField()
    accuracy = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class SavingSerializer(serializers.Serializer):
    """Labels of the strategy that do what n random ones do, with their 95 % interval."""

    n = serializers.IntegerField()
    needed = serializers.FloatField(allow_null=True, help_text="null: more than its curve has")
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class StrategyLabelsSerializer(serializers.Serializer):
    """Labels that a strategy chose."""

    name = serializers.CharField()
    labels = serializers.IntegerField()


class MeasuredGainSerializer(serializers.Serializer):
    """A measurement. The strategy's later picks were made by heads that had learned from both arms."""

    control = serializers.IntegerField(help_text="labels at the time")
    chosen = serializers.IntegerField(help_text="labels at the time")
    test_size = serializers.IntegerField(help_text="blind answers at the time")
    measured_at = serializers.DateTimeField()
    space = serializers.CharField(help_text="the model whose features were used")
    strategies = StrategyLabelsSerializer(many=True, help_text="whose picks the labels of the strategy's arm were")
    control_curve = GainPointSerializer(many=True)
    strategy_curve = GainPointSerializer(many=True)
    savings = SavingSerializer(many=True)


class SelectionSerializer(serializers.Serializer):
    """What is known of what selection saves, and what is still missing to measure it."""

    share = serializers.FloatField(help_text="of each round that is drawn at random")
    strategy = serializers.CharField()
    labels = ArmCountsSerializer()
    missing = ArmCountsSerializer(help_text="that it still takes before anything can be compared")
    measured = MeasuredGainSerializer(allow_null=True)


def show_gain(gain: SelectionGain) -> dict[str, Any]:
    """Show a measurement."""
    result = gain.result
    used = sorted(result["strategies"].items(), key=lambda pair: -pair[1])
    return {
        "control": gain.control,
        "chosen": gain.chosen,
        "test_size": gain.test_size,
        "measured_at": gain.measured_at,
        "space": result["space"],
        "strategies": [{"name": name, "labels": labels} for name, labels in used],
        "control_curve": result["control"],
        "strategy_curve": result["strategy"],
        "savings": result["savings"],
    }


class SelectionView(ProjectView):
    """What selection saves in this project."""

    roles = {"GET": Role.VIEWER, "POST": Role.LEAD}

    @extend_schema(operation_id="selection", responses=SelectionSerializer)
    def get(self, request: Request) -> Response:
        """Show how many labels each arm has, and what the last measurement found."""
        sizes = arm_sizes(self.project)
        gain = SelectionGain.objects.filter(project=self.project).first()
        found = {
            "share": self.project.control_share,
            "strategy": self.project.strategy,
            "labels": {"control": sizes.control, "chosen": sizes.chosen, "blind": sizes.blind},
            "missing": sizes.missing(),
            "measured": show_gain(gain) if gain else None,
        }
        return Response(SelectionSerializer(found).data)

    @extend_schema(operation_id="measure_selection", request=None, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Compare both arms now. While a control arm grows, every tenth of its labels does so by itself."""
        job = request_measurement(project=self.project, user=signed_in(request))
        return Response(show_job(job), status=status.HTTP_202_ACCEPTED)
