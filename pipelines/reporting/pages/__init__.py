"""A report as files: HTML, Markdown, tables for print, and the local gallery."""
