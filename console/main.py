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


def stand_in_for_closed_streams() -> None:
    """Give a standard stream that is closed (`>&-`) to nobody, lest a file of ours take its place
    and is written to; Python has None for it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = 130
    stand_in_for_closed_streams()
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
