"""What a peer's process needs to be timed, without perpsim: peers have libraries of their own."""

import json
import time


def timed(work, repeats):
    """(CPU seconds of each repetition, what the last returned)."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        said = work()
        seconds.append(time.process_time() - start)
    return seconds, said


def say(count, seconds, **more):
    """Print a line of JSON: how many messages or decisions each repetition handled, and its CPU seconds."""
    print(json.dumps({"count": count, "seconds": seconds, **more}))
