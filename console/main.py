"""The program `handrail`; imports the rest only when it runs, so that ctrl+c is quiet."""

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
    sys.exit(code)


if __name__ == "__main__":
    main()
