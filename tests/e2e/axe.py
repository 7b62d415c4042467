"""Accessibility, as axe-core judges it: the rules of WCAG 2.2 at levels A and AA."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.product import ROOT

SOURCE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
  return found.violations.map(({ id, help, nodes }) => ({
    id, help, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 300)}\\n      ${failureSummary}`),
  }));
}"""


def violations(page: Page) -> list[str]:
    """Return what breaks a rule on the page as it is now: the rule, and the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE.read_text())
    found: list[dict[str, Any]] = page.evaluate(RUN, TAGS)
    return [f"{one['id']}: {one['help']}\n    " + "\n    ".join(one["nodes"][:4]) for one in found]
