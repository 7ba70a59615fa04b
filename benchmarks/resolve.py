"""How long 200 names take to resolve: all at once, as `esacloud resolve` asks them, against one by one.

Run it with `python -m benchmarks.resolve`. A DNS server on loopback answers each question after 20 ms, about what a
resolver takes that has to ask elsewhere; it is real, so that sockets and parsing are in the figures. Needs `dnslib`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from esacloud.hostnames.ask import AT_ONCE, ask

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the server is that of the tests

NAMES, DELAY, RUNS = 200, 0.02, 3


def main() -> None:
    """Measure and print."""
    from support.dns import Zone, dns_server  # type: ignore[import-not-found]

    names = [f"host-{number}.example" for number in range(NAMES)]
    zones = {name: Zone([f"198.51.100.{number % 250 + 1}"], delay=DELAY) for number, name in enumerate(names)}
    with dns_server(zones) as server:
        print(f"{NAMES} names, A and AAAA, {DELAY * 1000:.0f} ms an answer; the best of {RUNS} runs")
        for what, at_once in (("all at once", AT_ONCE), ("one by one", 1)):
            best = min(_seconds(names, server.address, at_once) for _ in range(RUNS))
            print(f"{what:12} ({at_once:2} at a time) {best:6.2f} s")


def _seconds(names: list[str], server: tuple[str, int], at_once: int) -> float:
    start = time.perf_counter()
    answers = ask(names, [server], at_once=at_once)
    assert all(answer.addresses for answer in answers.values())
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
