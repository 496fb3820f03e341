"""The program `handrail`; imports the rest only when it runs, so that ctrl+c is quiet."""

import os
import signal
import sys
import threading

AGAIN_SECONDS = 0.02
"""After which a ctrl+c that Python dropped is raised once more."""


def raise_again(dropped: "sys.UnraisableHookArgs") -> None:
    """Of a ctrl+c in a callback, as at the end of an import, Python would only complain."""
    if isinstance(dropped.exc_value, KeyboardInterrupt):
        again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(dropped)


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = 130
    sys.unraisablehook = raise_again
    try:
        from console import first_page

        try:
            first_page.show_first(sys.argv[1:])
            from console.cli.program import run

            code = run(sys.argv[1:])
        finally:
            first_page.take_back()
    except KeyboardInterrupt:
        pass
    # What is left is to end: a late ctrl+c changes neither the exit code nor what was said.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    main()
