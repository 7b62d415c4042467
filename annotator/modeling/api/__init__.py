"""REST views of training runs, models, schedules and balance reports."""

from annotator.modeling.api.backbones import BackboneMeasureView, BackboneView
from annotator.modeling.api.balance import BalanceReportView, RunBalanceView
from annotator.modeling.api.runs import RecipesView, RunCancelView, RunsView, RunView
from annotator.modeling.api.schedules import FiringsView, ScheduleFireView, SchedulesView, ScheduleView, TimezonesView
from annotator.modeling.api.versions import (
    ModelCardView,
    ModelCellView,
    ModelDetailView,
    ModelDownloadView,
    ModelingSettingsView,
    ModelPromoteView,
    ModelsView,
    ModelTryView,
)

__all__ = [
    "BackboneMeasureView",
    "BackboneView",
    "BalanceReportView",
    "FiringsView",
    "ModelCardView",
    "ModelCellView",
    "ModelDetailView",
    "ModelDownloadView",
    "ModelPromoteView",
    "ModelTryView",
    "ModelingSettingsView",
    "ModelsView",
    "RecipesView",
    "RunBalanceView",
    "RunCancelView",
    "RunView",
    "RunsView",
    "ScheduleFireView",
    "ScheduleView",
    "SchedulesView",
    "TimezonesView",
]
