"""``app``: opens the app in a browser."""

from __future__ import annotations

import argparse
import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

_LAST_PORT = 65_535


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        "app",
        help="open the app in a browser",
        description="Starts the app's server and opens the app in a browser; Ctrl-C ends it.",
    )
    parser.add_argument("--port", type=_port, default=8501, help="port of the server (8501)")
    parser.add_argument(
        "--headless", action="store_true", help="only start the server, open no browser"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the server until it is stopped; returns its exit code."""
    command = [sys.executable, "-m", "streamlit", "run", str(app_file())]
    command += [f"--server.port={options.port}"]
    command += ["--server.headless=true"] if options.headless else []
    with subprocess.Popen(command) as server:  # noqa: S603 - our own app, no shell
        # Who ends this command, without a terminal, ends the server as well.
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        return server.wait()


def _port(text: str) -> int:
    """The number of a port."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(
            f"a port is a whole number from 1 to {_LAST_PORT}, not {text!r}"
        )
    return int(text)


def app_file() -> Path:
    """The app's file: inside cae_ui where that is installed, else at the root of the repository."""
    package = importlib.util.find_spec("cae_ui")
    assert package is not None and package.submodule_search_locations is not None  # noqa: S101
    folder = Path(package.submodule_search_locations[0])
    installed = folder / "app" / "app.py"
    return installed if installed.exists() else folder.parent / "app.py"
