"""The report of a comparison: one HTML page, figures and tables."""

from pipelines.reporting.report import write_report

__all__ = ["write_report"]
