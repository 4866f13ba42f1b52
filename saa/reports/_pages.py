"""How values become a page: every template of this folder, filled in with one set of rules."""

from __future__ import annotations

import jinja2


def rendered(template: str, **values: object) -> str:
    """A template of this folder with its values, all of them escaped; a value that is missing is an error."""
    return _environment().get_template(template).render(**values)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("saa.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = lambda value: f"{value:.3g}"
    return environment
