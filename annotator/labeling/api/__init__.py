"""REST views of labelling."""

from annotator.labeling.api.agreement import AgreementView
from annotator.labeling.api.cases import (
    CaseCommentsView,
    CaseReopenView,
    CaseResolveView,
    CaseSendBackView,
    CasesView,
    CaseView,
)
from annotator.labeling.api.focus import FocusView
from annotator.labeling.api.gains import SelectionView
from annotator.labeling.api.guide import ExamplesView, GuideView, NeighboursView
from annotator.labeling.api.queue import AnnotationsView, LeaseView, RefreshView, ReleaseView
from annotator.labeling.api.settings import ProjectSettingsView
from annotator.labeling.api.upkeep import HoldoutsView, HoldoutView, ImportUndoView, ReserveReleaseView, RetractView
from annotator.labeling.api.verify import (
    VerifyConfirmView,
    VerifyMissesView,
    VerifyPagesView,
    VerifyReleaseView,
    VerifyUndoView,
    VerifyView,
)

__all__ = [
    "AgreementView",
    "AnnotationsView",
    "CaseCommentsView",
    "CaseReopenView",
    "CaseResolveView",
    "CaseSendBackView",
    "CaseView",
    "CasesView",
    "ExamplesView",
    "FocusView",
    "GuideView",
    "HoldoutView",
    "HoldoutsView",
    "ImportUndoView",
    "LeaseView",
    "NeighboursView",
    "ProjectSettingsView",
    "RefreshView",
    "ReleaseView",
    "ReserveReleaseView",
    "RetractView",
    "SelectionView",
    "VerifyConfirmView",
    "VerifyMissesView",
    "VerifyPagesView",
    "VerifyReleaseView",
    "VerifyUndoView",
    "VerifyView",
]
