"""REST views of projects, members and classes, and the base view of everything inside a project."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from annotator.projects.models import Project, Role
from annotator.projects.selectors import get_project


class ProjectView(APIView):
    """A view under `/api/projects/{project_id}/`. `roles` says what each method needs; unnamed methods are refused."""

    roles: dict[str, Role] = {}
    project: Project

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then find the project and check the person's role in it."""
        super().initial(request, *args, **kwargs)
        role = self.roles.get(request.method or "", Role.LEAD)
        self.project = get_project(request.user, kwargs.pop("project_id"), role=role)
