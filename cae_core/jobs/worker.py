"""A worker process that runs functions one after another, as a `concurrent.futures.Executor`.

Why not `ProcessPoolExecutor`: its children import the parent's main script again, which under
Streamlit is the app itself, and one killed child breaks the whole pool for good. This executor
starts ``python -m cae_core.jobs.worker``, sends it a function's name and arguments as a line of
JSON, and starts a new process for the next call where the last one died. A function is named
``module:function``, so nothing is pickled.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from cae_core.errors import JobError, WorkerError
from cae_core.jobs.storage import reason_of

# A training yields the processor to the app, which people are looking at.
_NICENESS = 10
# Seconds in which a process that has closed its pipe should have ended.
_PATIENCE = 10


class WorkerProcess(Executor):
    """One background process; calls wait their turn.

    Args:
        preload: Modules that the process imports while it waits for its first call.

    Example:
        >>> with WorkerProcess() as worker:
        ...     worker.submit(os.path.basename, "a/b").result()
        'b'
    """

    def __init__(self, preload: tuple[str, ...] = ()) -> None:
        self._preload = preload
        self._process: subprocess.Popen[bytes] | None = None
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._closed = self._abandoned = False
        self._thread = threading.Thread(target=self._work, name="cae-worker", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process's number; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queues a call of a module-level function with arguments that JSON can carry.

        Raises:
            JobError: After `shutdown`.
        """
        if self._closed:
            raise JobError("A closed worker takes no calls. Received: a call. Make a new worker.")
        if kwargs:
            raise TypeError("a worker's calls have positional arguments only")
        future: Future[Any] = Future()
        call = {"function": f"{fn.__module__}:{fn.__qualname__}", "arguments": args}
        self._calls.put((future, json.dumps(call).encode()))
        return future

    def warm(self, preparation: Callable[[], Any] = os.getpid) -> None:
        """Starts the process now, so that the first call finds it ready.

        Args:
            preparation: The first call.
        """
        if self._process is None:
            self.submit(preparation)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the process: after the queued calls, or at once where they are cancelled."""
        self._closed = True
        if cancel_futures:
            self._abandoned = True  # for a process that is only just being started
            while True:
                try:
                    call = self._calls.get_nowait()
                except queue.Empty:
                    break
                if call is not None:
                    call[0].cancel()
            if self._process is not None:
                self._process.kill()
        self._calls.put(None)
        if wait:
            self._thread.join()

    def _work(self) -> None:
        """The thread that feeds the process and waits for its answers."""
        while (call := self._calls.get()) is not None:
            future, line = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._answer(line))
            except Exception as error:  # noqa: BLE001 - the next call has its turn all the same
                future.set_exception(error)
        if self._process is not None:
            _close(self._process)

    def _answer(self, line: bytes) -> Any:
        """Sends one call and returns what comes back.

        Raises:
            JobError: What the call raised.
            WorkerError: The process could not start, ended, or answered something else.
        """
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _close(self._process)
            self._process = self._start()
        process = self._process
        if self._abandoned:
            process.kill()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - for mypy
        try:
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer.endswith(b"\n"):  # nothing, or what a dying process got out
            raise WorkerError(_death(_end_of(process)))
        try:
            result = json.loads(answer)
            value = None if "error" in result else result["value"]
        except (ValueError, TypeError, KeyError) as error:
            process.kill()  # nobody knows what it would say next
            process.wait()
            raise WorkerError(
                "A worker process answers in JSON. Received: something else. Try again."
            ) from error
        if "error" in result:
            raise JobError(result["error"])
        return value

    def _start(self) -> subprocess.Popen[bytes]:
        """Starts the process; it dies with its standard input."""
        self._process = None
        try:
            return subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-m", "cae_core.jobs.worker", *self._preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
                # Ctrl-C in the terminal is meant for the server.
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerError(
                "A job needs a process of its own. "
                f"Received: none that could be started ({error.strerror}). "
                "Try again when less runs on the server."
            ) from error


def _close(process: subprocess.Popen[bytes]) -> None:
    """Lets a process end by itself and closes its pipes."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # a call that a dead process did not read
                pipe.close()
    process.wait()


def _end_of(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has stopped answering; ends one that has not ended."""
    try:
        return process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _death(code: int) -> str:
    """The message for a process that ended with an exit code."""
    how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
    cause = ", perhaps for lack of memory" if -code == signal.SIGKILL else ""
    return (
        "A job needs its worker process until its end. "
        f"Received: a process {how}{cause}. Try again."
    )


def serve(preload: list[str]) -> None:
    """The process's side: reads calls from standard input, writes answers to standard output."""
    # What functions print, in C as well, must not be taken for answers.
    answers = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    os.nice(_NICENESS)
    server = os.getppid()
    for module in preload:
        importlib.import_module(module)
    for line in sys.stdin:
        if os.getppid() != server:
            return  # the server was killed: nobody waits for the answer
        answer = f"{_answer_to(line)}\n".encode()
        with contextlib.suppress(BrokenPipeError):  # the server was killed meanwhile
            while answer:
                answer = answer[os.write(answers, answer) :]


def _answer_to(line: str) -> str:
    """Makes a call; its answer as JSON, with a key ``value`` or ``error``."""
    try:
        call = json.loads(line)
        module, name = call["function"].split(":")
        function = getattr(importlib.import_module(module), name)
        return json.dumps({"value": function(*call["arguments"])})
    except Exception as error:  # noqa: BLE001 - the caller's future carries it on
        # The page shows it: a system's error without the file that it names.
        said = reason_of(error) or str(error)
        return json.dumps({"error": f"{type(error).__name__}: {said}"})


if __name__ == "__main__":
    serve(sys.argv[1:])
