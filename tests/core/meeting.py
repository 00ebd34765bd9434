"""A place in which two threads must not be at once."""

import threading


class Meeting:
    """Notes whether two threads are ever in one place at the same time.

    Who comes waits until somebody else is there, but not for long: a lock keeps the other out.
    """

    PATIENCE = 0.3  # seconds

    def __init__(self):
        self.took_place = threading.Event()
        self._inside = 0
        self._count = threading.Lock()

    def attend(self):
        """Comes, waits and goes."""
        with self._count:
            self._inside += 1
            if self._inside == 2:
                self.took_place.set()
        self.took_place.wait(self.PATIENCE)
        with self._count:
            self._inside -= 1


def run_together(*calls):
    """Makes calls in threads of their own; an exception of one is the test's."""
    errors = []

    def run(call):
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
