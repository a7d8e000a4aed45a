"""The command ``dermfusion``: one file a subcommand, the parser apart from the work."""

import sys
import warnings
from collections.abc import Sequence

__all__ = ["main"]


def _brief(message, category, filename, lineno, line=None) -> str:
    """Word a warning for people who did not write the code it points to."""
    return f"warning: {message}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit status: 0, 1 after a failure, or 130 after an interrupt. A wrong usage exits with 2.
    """
    argv = sys.argv[1:] if argv is None else argv
    formatted, warnings.formatwarning = warnings.formatwarning, _brief
    try:
        # Imported here, so that a library that does not load is reported like any other failure.
        from pipelines.cli.log import log_to
        from pipelines.cli.parser import build_parser

        args = build_parser().parse_args(argv)
        with log_to(getattr(args, "log", None), argv):
            args.run(args)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except Exception as exc:
        if "--debug" in argv:
            raise
        print(f"dermfusion: {exc}", file=sys.stderr)
        return 1
    finally:
        warnings.formatwarning = formatted
    return 0
