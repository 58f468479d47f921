"""The front door: ``python app.py`` serves the studio on this machine alone.

Also what a Hugging Face Space starts.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence

from studio.cli.answer import text
from studio.cli.parser import Parser, refuse_option
from studio.errors import InputError, StudioError
from studio.language import person_language, say

DEFAULT_PORT = 7860


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read ``--listen --auth USER:PASS --port N``. Raises InputError."""
    parser = Parser(prog="python app.py", description=text("cli.app"))
    parser.add_argument("--listen", action="store_true", help=text("cli.app.listen"))
    parser.add_argument("--auth", metavar="USER:PASS", help=text("cli.app.auth"))
    parser.add_argument("--port", metavar="N", help=text("cli.app.port"))
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        refuse_option(unknown[0], parser)
    options.auth = _read_auth(options.auth)
    if options.listen and options.auth is None and not os.environ.get("SPACE_ID"):
        raise InputError("listen_needs_auth")
    wanted = options.port or os.environ.get("GRADIO_SERVER_PORT") or str(DEFAULT_PORT)
    options.port = _read_port(wanted)
    return options


def _read_auth(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    user, _, password = text.partition(":")
    if not user.strip() or not password:
        raise InputError("auth_form")
    return user.strip(), password


def _read_port(text: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:9]) < 2**16):
        raise InputError("port_form", value=text)
    return int(digits)


def serve(options: argparse.Namespace) -> None:
    """Start the studio and stay until it is interrupted. Raises StudioError."""
    os.environ["GRADIO_SERVER_PORT"] = str(options.port)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # Imported late, so that a mistake on the command line is told at once.
    from studio.server import content, serving
    from studio.server.worker import shared_worker

    public = options.listen or serving.on_a_space()
    host = serving.EVERYWHERE if public else serving.LOOPBACK
    serving.check_port(host, options.port)
    content.prepare()
    # Torch and the model take seconds, and so does Gradio: side by side.
    worker = shared_worker()
    serving.open_early(worker)

    from studio.ui.page import build

    page, looks = build()
    settings = serving.launch_settings(host, options.port, options.auth, worker)
    address = serving.start(page, serving.combine(settings, looks))
    print(say("cli.app.ready", person_language(), address=address), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        page.close(verbose=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the studio; return the exit status: 0, or 2 for a person's mistake."""
    try:
        serve(read_options(arguments))
    except StudioError as problem:
        print(problem.say(person_language()), file=sys.stderr)
        return problem.exit_status
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: the render thread may be deep in torch's C++, which aborts the
    # process when the interpreter ends a thread there.
    os._exit(status)
