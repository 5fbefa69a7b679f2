"""What a process has cost: the peak of its memory can begin anew."""

from bench.measure import forget_peak, peak_mb


def test_the_peak_of_memory_rises_with_what_is_held_and_begins_anew():
    forget_peak()
    before = peak_mb()
    held = bytearray(200 << 20)
    held[:: 1 << 12] = b"x" * (len(held) >> 12)
    assert peak_mb() >= before + 190
    del held
    assert peak_mb() >= before + 190
    forget_peak()
    assert peak_mb() < before + 100
