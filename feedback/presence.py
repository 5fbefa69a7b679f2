"""What only a running process knows: how many are here now, what the stage has shown, how far a theme run is."""

from collections import defaultdict


class Presence:
    """Counts of open sockets per conversation, and the last commit number sent to a stage."""

    def __init__(self) -> None:
        self._here: dict[int, dict[int, int]] = defaultdict(dict)
        self._shown: dict[int, int] = {}
        self._progress: dict[int, tuple[float, str]] = {}
        #: False while no worker runs: the desk says so, everything else goes on.
        self.worker_alive = True

    def come(self, conversation_id: int, participant_id: int) -> None:
        """Note a participant's socket; two tabs are one person."""
        room = self._here[conversation_id]
        room[participant_id] = room.get(participant_id, 0) + 1

    def go(self, conversation_id: int, participant_id: int) -> None:
        """Note that a participant's socket has closed."""
        room = self._here[conversation_id]
        left = room.get(participant_id, 0) - 1
        if left > 0:
            room[participant_id] = left
        else:
            room.pop(participant_id, None)

    def here(self, conversation_id: int) -> int:
        """Count the participants who have a socket open."""
        return len(self._here.get(conversation_id, ()))

    def show(self, conversation_id: int, seq: int) -> None:
        """Note that a frame up to `seq` was sent to a stage."""
        self._shown[conversation_id] = max(seq, self._shown.get(conversation_id, 0))

    def shown(self, conversation_id: int) -> int:
        """Return the last commit number that a stage was sent; 0 when there was no stage."""
        return self._shown.get(conversation_id, 0)

    def advance(self, conversation_id: int, share: float, step: str) -> bool:
        """Note how far a conversation's theme run is (0 to 1, code of the step); tells whether that is news."""
        news = self._progress.get(conversation_id) != (share, step)
        self._progress[conversation_id] = (share, step)
        return news

    def progress(self, conversation_id: int) -> tuple[float, str]:
        """Return how far the conversation's theme run is: share 0 to 1, and the code of its step."""
        return self._progress.get(conversation_id, (0.0, "queued"))
