"""The program `handrail`; imports the rest only when it runs, so that ctrl+c is quiet."""

import signal
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = 130
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
