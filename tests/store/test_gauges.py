"""What the writer tells of itself: batches, results, and for how long the oldest op waits."""

import threading
import time

from feedback.domain.facts import Busy, IdeaGone
from feedback.store.engine import writer_engine
from feedback.store.writer import QUEUE_LIMIT, Writer


def refuse(_tx):
    raise IdeaGone


def break_down(_tx):
    raise RuntimeError


def finish(writer: Writer) -> None:
    writer.close()
    writer.run()


def test_ops_are_counted_by_result_and_batch(sqlite_url):
    writer = Writer(writer_engine(sqlite_url))
    answers: list[object] = []
    for op in (lambda _tx: 1, refuse, break_down, lambda _tx: 2):
        writer.submit(None, op, lambda result, refusal: answers.append(refusal.code if refusal else result))
    assert (writer.queued, writer.gauges.running) == (4, False)
    finish(writer)
    gauges = writer.gauges
    assert answers == [1, "gone", "server_error", 2]
    assert (gauges.ok, gauges.refused, gauges.broken, gauges.failed_batches) == (2, 1, 1, 0)
    assert (gauges.batch_ops.total, sum(gauges.batch_ops.counts)) == (4, 1)
    assert sum(gauges.commit.counts) == sum(gauges.wait.counts) == 1
    assert 0 < gauges.commit.total <= gauges.wait.total
    assert (writer.queued, gauges.waiting(), gauges.running) == (0, 0.0, False)


def test_a_batch_that_is_not_committed_is_counted_as_such(tmp_path):
    writer = Writer(writer_engine(f"sqlite:///{tmp_path / 'nowhere' / 'feedback.db'}"))
    answers: list[object] = []
    writer.submit(None, lambda _tx: 1, lambda _result, refusal: answers.append(type(refusal)))
    finish(writer)
    assert answers == [Busy]
    assert (writer.gauges.failed_batches, writer.gauges.ok, writer.gauges.oldest) == (1, 0, None)


def test_the_oldest_op_is_known_while_the_writer_is_held_up(sqlite_url):
    writer = Writer(writer_engine(sqlite_url))
    begun, go_on = threading.Event(), threading.Event()

    def hold(_tx):
        begun.set()
        go_on.wait(60)

    writer.submit(None, hold, lambda *_: None)
    thread = threading.Thread(target=writer.run)
    thread.start()
    begun.wait(60)
    assert writer.gauges.running
    time.sleep(0.05)
    first = writer.gauges.waiting()
    assert first >= 0.05
    writer.submit(None, lambda _tx: None, lambda *_: None)
    assert writer.gauges.waiting() >= first
    go_on.set()
    writer.close()
    thread.join(60)
    assert (writer.gauges.waiting(), writer.gauges.running) == (0.0, False)


def test_who_found_the_queue_full_is_counted(sqlite_url):
    writer = Writer(writer_engine(sqlite_url))
    turned_away = 0
    for _ in range(QUEUE_LIMIT + 3):
        try:
            writer.submit(None, lambda _tx: None, lambda *_: None)
        except Busy:
            turned_away += 1
    assert writer.turned_away == turned_away == 3
    finish(writer)
    assert writer.gauges.ok == QUEUE_LIMIT
