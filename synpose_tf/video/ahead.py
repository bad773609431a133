"""Work done ahead, in a thread of its own, while what is there is used."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
_PATIENCE = 0.1  # Seconds after which a waiting thread looks whether it shall end.


class Ahead(Generic[Item]):
    """Items that a thread takes from an iterable, a few ahead, from now on.

    What the iterable raises is raised where its item would come.

    Args:
        items: what is taken.
        depth: how many are held ready.
    """

    def __init__(self, items: Iterable[Item], depth: int):
        self._queue: queue.Queue = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(items,), daemon=True)
        self._thread.start()

    def _run(self, items):
        try:
            for item in items:
                if not self._put((item, None)):
                    return
            self._put((None, StopIteration()))
        except BaseException as error:  # Whatever it is, it belongs to who takes the items.
            self._put((None, error))

    def _put(self, entry):
        while not self._stopped.is_set():
            try:
                self._queue.put(entry, timeout=_PATIENCE)
                return True
            except queue.Full:
                continue
        return False

    def __iter__(self) -> Iterator[Item]:
        while True:
            item, error = self._queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item

    def stop(self) -> None:
        """Has the thread end after the item that it is at, and waits for that."""
        self._stopped.set()
        self._thread.join()
