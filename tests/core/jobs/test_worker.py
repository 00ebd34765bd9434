"""The worker process: answers, errors, deaths and its end."""

from __future__ import annotations

import copy
import errno
import gc
import math
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import cae_core
from cae_core.errors import CAEError, JobError, WorkerError
from cae_core.jobs.worker import WorkerProcess

ROOT = Path(cae_core.__file__).parents[1]
DEADLINE = 600  # seconds; only a test that fails takes so long


@pytest.fixture(scope="module")
def worker():
    with WorkerProcess() as process:
        yield process


def wait_until(condition):
    """Returns once the condition holds; fails after the deadline."""
    pause = threading.Event()
    for _ in range(DEADLINE * 50):
        if condition():
            return
        pause.wait(0.02)
    pytest.fail("the condition did not come true")


class Gate:
    """A call that says that it has begun, then blocks in the worker until the gate is opened."""

    def __init__(self, folder):
        self.begun = folder / "begun"
        # A named pipe: who opens it to read waits for the one who opens it to write.
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)

    def submit_to(self, worker):
        code = f"open({str(self.begun)!r}, 'w').close(); open({str(self.pipe)!r}).close()"
        return worker.submit(exec, code)

    def wait_for_the_call(self):
        wait_until(self.begun.exists)

    def open(self):
        os.close(os.open(self.pipe, os.O_WRONLY))


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


def is_alive(pid):
    """Whether a process is there, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def reason(future):
    """The message of a call that failed."""
    error = future.exception(timeout=DEADLINE)
    assert isinstance(error, CAEError)
    assert "\n" not in str(error)
    return str(error)


# Calls


def test_a_call_is_answered_by_another_process(worker):
    pid = worker.submit(os.getpid).result(DEADLINE)
    assert pid not in (os.getpid(), os.getppid())
    assert worker.pid == pid


def test_the_process_yields_the_processor_to_the_app(worker):
    niceness = worker.submit(os.getpriority, os.PRIO_PROCESS, 0).result(DEADLINE)
    assert niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


def test_calls_are_answered_in_their_order_by_one_process(worker):
    futures = [worker.submit(math.sqrt, number * number) for number in range(20)]
    assert [future.result(DEADLINE) for future in futures] == list(range(20))
    pids = {worker.submit(os.getpid).result(DEADLINE) for _ in range(3)}
    assert len(pids) == 1


@pytest.mark.parametrize(
    "value",
    ["ä ✓ \n \0", "x" * 1_000_000, [1, {"a": None}], 1e-300, True],
    ids=["signs", "larger than a pipe", "nested", "small", "truth"],
)
def test_values_come_back_as_they_were_sent(worker, value):
    assert worker.submit(copy.copy, value).result(DEADLINE) == value


def test_a_call_waits_for_the_one_before(worker, gate):
    first = gate.submit_to(worker)
    second = worker.submit(os.getpid)
    gate.wait_for_the_call()
    assert first.running()
    assert not second.running()
    assert second.cancel()
    third = worker.submit(os.getpid)
    gate.open()
    assert third.result(DEADLINE) == worker.pid
    assert first.done()


def test_an_error_carries_its_kind_and_words_and_the_process_goes_on(worker):
    pid = worker.submit(os.getpid).result(DEADLINE)
    assert reason(worker.submit(math.sqrt, -1)).startswith("ValueError: ")
    assert reason(worker.submit(os.stat, "/nothing/here")).startswith("FileNotFoundError: ")
    assert worker.submit(os.getpid).result(DEADLINE) == pid


def test_a_systems_error_names_no_file_of_the_server(worker, tmp_path):
    said = reason(worker.submit(os.listdir, str(tmp_path / "secret")))
    assert said == "FileNotFoundError: No such file or directory"


def test_a_librarys_words_for_a_systems_error_name_no_file_either(worker):
    said = reason(worker.submit(exec, "raise OSError(2, 'unable to open file /secret/x.h5')"))
    assert said == "FileNotFoundError: No such file or directory"


def test_what_a_call_prints_is_not_taken_for_its_answer(capfd):
    with WorkerProcess() as talkative:
        assert talkative.submit(print, '{"value": "wrong"}').result(DEADLINE) is None
        assert talkative.submit(math.sqrt, 9).result(DEADLINE) == 3
    assert capfd.readouterr().err == '{"value": "wrong"}\n'


def test_a_call_that_json_cannot_carry_is_refused_at_once(worker):
    with pytest.raises(TypeError, match="JSON"):
        worker.submit(copy.copy, object())
    with pytest.raises(TypeError, match="positional"):
        worker.submit(copy.copy, x=1)
    assert worker.submit(math.sqrt, 4).result(DEADLINE) == 2


def test_what_a_library_prints_in_c_is_not_taken_for_an_answer(worker):
    assert worker.submit(exec, "import os; os.write(1, b'noise\\n')").result(DEADLINE) is None
    assert worker.submit(math.sqrt, 9).result(DEADLINE) == 3


# Failures


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM])
def test_a_process_that_the_system_cannot_start_fails_one_call_and_the_next_has_its_turn(
    monkeypatch, number
):
    start, errors = subprocess.Popen, [OSError(number, os.strerror(number))]

    def start_later(*arguments, **settings):
        if errors:
            raise errors.pop()
        return start(*arguments, **settings)

    monkeypatch.setattr(subprocess, "Popen", start_later)
    with WorkerProcess() as unlucky:
        futures = [unlucky.submit(math.sqrt, 9) for _ in range(2)]
        assert f"none that could be started ({os.strerror(number)})" in reason(futures[0])
        assert futures[1].result(DEADLINE) == 3


@pytest.mark.parametrize("answer", ["nonsense", "[]", "3", "{}", "\udcff"])
def test_an_answer_that_is_none_fails_one_call_and_the_next_has_its_turn(monkeypatch, answer):
    start, lies = subprocess.Popen, [f"input(); print({answer!r}, flush=True); input()"]

    def start_liar(command, **settings):
        return start([sys.executable, "-c", lies.pop()] if lies else command, **settings)

    monkeypatch.setattr(subprocess, "Popen", start_liar)
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:surrogateescape")
    with WorkerProcess() as deceived:
        futures = [deceived.submit(math.sqrt, 9) for _ in range(2)]
        assert "A worker process answers in JSON" in reason(futures[0])
        assert isinstance(futures[0].exception(), WorkerError)
        assert futures[1].result(DEADLINE) == 3


def test_a_result_that_json_cannot_carry_fails_its_call_only(worker):
    pid = worker.submit(os.getpid).result(DEADLINE)
    assert "TypeError" in reason(worker.submit(complex, 1))
    assert "ModuleNotFoundError" in reason(worker.submit(_of_no_module()))
    assert worker.submit(os.getpid).result(DEADLINE) == pid


def _of_no_module():
    """A function that the worker does not find."""

    def function():
        pass

    function.__module__ = "cae_core.nothing"
    return function


# Deaths


@pytest.mark.heavy
def test_a_killed_process_fails_its_call_with_one_sentence_and_the_next_call_gets_a_new_one(
    worker, gate
):
    first = worker.submit(os.getpid).result(DEADLINE)
    running, waiting = gate.submit_to(worker), worker.submit(os.getpid)
    gate.wait_for_the_call()
    os.kill(first, signal.SIGKILL)
    message = reason(running)
    assert "Received: a process killed by signal 9" in message
    assert "lack of memory" in message
    second = waiting.result(DEADLINE)
    assert second != first
    assert worker.pid == second
    assert not is_alive(first)
    # The dead process's pipes were closed: an open one would warn here, and warnings are errors.
    gc.collect()


def test_a_process_that_is_killed_while_it_waits_is_replaced_without_a_failed_call(worker):
    first = worker.submit(os.getpid).result(DEADLINE)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: worker.pid is None)
    assert worker.submit(os.getpid).result(DEADLINE) != first
    gc.collect()


def test_a_process_that_ends_itself_says_with_which_code(worker):
    assert "a process ended with code 3" in reason(worker.submit(os._exit, 3))
    assert worker.submit(math.sqrt, 4).result(DEADLINE) == 2


def test_a_process_that_cannot_start_fails_its_call(capfd):
    with WorkerProcess(preload=("cae_core.nothing",)) as broken:
        assert "ended with code 1" in reason(broken.submit(os.getpid))
        assert "ended with code 1" in reason(broken.submit(os.getpid))
    assert "No module named 'cae_core.nothing'" in capfd.readouterr().err


# Ends


def test_there_is_no_process_before_the_first_call_unless_it_is_warmed():
    with WorkerProcess() as cold:
        assert cold.pid is None
        cold.warm()
        wait_until(lambda: cold.pid is not None)


def test_shutdown_ends_the_process_and_takes_no_more_calls():
    closing = WorkerProcess()
    pid = closing.submit(os.getpid).result(DEADLINE)
    assert is_alive(pid)
    closing.shutdown()
    assert not is_alive(pid)
    assert closing.pid is None
    with pytest.raises(JobError, match="Received: a call"):
        closing.submit(os.getpid)
    closing.shutdown()


def test_shutdown_lets_the_calls_that_wait_come_to_their_end():
    closing = WorkerProcess()
    futures = [closing.submit(math.sqrt, number * number) for number in range(5)]
    closing.shutdown()
    assert [future.result(0) for future in futures] == list(range(5))


def test_shutdown_with_cancelling_ends_the_running_call_and_drops_the_others(gate):
    closing = WorkerProcess()
    pid = closing.submit(os.getpid).result(DEADLINE)
    running = gate.submit_to(closing)
    waiting = [closing.submit(os.getpid) for _ in range(3)]
    gate.wait_for_the_call()
    closing.shutdown(cancel_futures=True)
    assert "signal 9" in reason(running)
    assert all(future.cancelled() for future in waiting)
    assert not is_alive(pid)


def test_shutdown_with_cancelling_ends_a_call_whose_process_is_only_being_started(monkeypatch):
    start = subprocess.Popen
    starting, shut_down = threading.Event(), threading.Event()

    def slow_start(*arguments, **settings):
        starting.set()
        shut_down.wait(DEADLINE)
        return start(*arguments, **settings)

    monkeypatch.setattr(subprocess, "Popen", slow_start)
    closing = WorkerProcess()
    endless = closing.submit(select.select, [], [], [])
    assert starting.wait(DEADLINE)
    closing.shutdown(wait=False, cancel_futures=True)
    shut_down.set()
    assert "signal 9" in reason(endless)
    closing.shutdown()
    assert closing.pid is None


def test_a_worker_that_was_never_used_ends_too():
    WorkerProcess().shutdown()


def test_the_process_ends_when_its_standard_input_is_closed():
    process = subprocess.Popen(
        [sys.executable, "-m", "cae_core.jobs.worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # communicate writes the call, closes standard input and waits for the end.
    call = '{"function": "math:sqrt", "arguments": [16]}\n'
    answer, _ = process.communicate(call, timeout=DEADLINE)
    assert answer == '{"value": 4.0}\n'
    assert process.returncode == 0


def test_a_call_that_arrives_after_the_server_was_killed_is_not_made():
    script = (
        "import os; from cae_core.jobs.worker import serve; parents = iter([7, 7, 1]);"
        "os.getppid = lambda: next(parents); serve([])"
    )
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    call = '{"function": "math:sqrt", "arguments": [16]}\n'
    answers, _ = process.communicate(call * 2, timeout=DEADLINE)
    assert answers == '{"value": 4.0}\n'


def test_an_answer_that_nobody_reads_any_more_is_dropped_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "cae_core.jobs.worker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    process.stdout = None
    call = b'{"function": "math:sqrt", "arguments": [16]}\n'
    assert process.communicate(call, timeout=DEADLINE) == (None, b"")
    assert process.returncode == 0


def test_a_terminals_ctrl_c_does_not_reach_the_process(worker):
    pid = worker.submit(os.getpid).result(DEADLINE)
    assert os.getpgid(pid) != os.getpgid(0)


def test_the_process_does_not_outlive_a_parent_that_is_killed():
    script = (
        "import os, threading; from cae_core.jobs.worker import WorkerProcess; "
        "w = WorkerProcess(); "
        "print(w.submit(os.getpid).result(), flush=True); threading.Event().wait()"
    )
    parent = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert int(parent.stdout.readline()) != parent.pid
    parent.kill()
    # The worker has the parent's standard error: it ends when both have ended.
    parent.communicate(timeout=DEADLINE)
    assert parent.returncode == -signal.SIGKILL
