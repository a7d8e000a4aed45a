"""Leaks: duplicates, torn groups, shared images, and what gives the label away."""

from pipelines.audit.auditing import audit
from pipelines.audit.cleaning import deduplicate, group
from pipelines.audit.result import Audit

__all__ = ["Audit", "audit", "deduplicate", "group"]
