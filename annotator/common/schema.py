"""How views appear in the OpenAPI schema: operations named after their view, grouped by app."""

import re

from drf_spectacular.openapi import AutoSchema


class ViewSchema(AutoSchema):
    """Names an operation by method and view (`get_jobs`), unless the view says otherwise, and tags it with its app."""

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        return f"{self.method.lower()}_{re.sub('(?<=.)(?=[A-Z])', '_', name).lower()}"

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.split(".")[1]]
