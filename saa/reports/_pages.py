"""How values become a page: every template of this folder, filled in with one set of rules."""

from __future__ import annotations

import base64
import hashlib

import jinja2
import markupsafe

from saa.reports._axes import PERCENT

_SCRIPT = "page.js"


def rendered(template: str, **values: object) -> str:
    """A template of this folder with its values, all of them escaped; a value that is missing is an error."""
    return _environment().get_template(template).render(**values)


def _environment() -> jinja2.Environment:
    loader = jinja2.PackageLoader("saa.reports", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["short"] = lambda value: f"{value:.3g}"
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    script = loader.get_source(environment, _SCRIPT)[0]
    # The page's policy names its one script by checksum, so no other can run, whatever a name may hold.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    environment.globals |= {
        "percents": PERCENT,
        "script_text": markupsafe.Markup(script),  # noqa: S704 - a file of ours
        "script_hash": f"sha256-{digest}",
    }
    return environment
