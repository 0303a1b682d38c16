"""The load of ``benchmarks.payments``: signed calls at fixed moments over kept connections."""

import asyncio
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

CONNECTIONS = 24
PATH = "/hooks/hook/"
Sent = tuple[str, bytes]  # Reference, whole request.


def signed(movements: Sequence[Any], *, seed: int = 1) -> list[Sent]:
    """Sign messages now, as whole HTTP requests with their references."""
    from daihou.web.payments.sandbox import twins

    twin = twins.twin_of(adapter="wechat_pay", secret_ref="hook")  # noqa: S106  The name of a file.
    chance = random.Random(f"{seed} {time.time_ns()}")
    now = datetime.now(tz=UTC)  # noqa: TID251  Signatures are of now.
    return [
        (movement.reference, _request(twin.message(
            movement=movement, notice_ref=f"n-{movement.reference}", sent_at=now, chance=chance)))
        for movement in movements
    ]  # fmt: skip


def _request(message: Any) -> bytes:
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(message.body)),
        **message.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {PATH} HTTP/1.1\r\n{lines}\r\n".encode() + message.body


def await_port(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(port)


def kill_after(*, seconds: float, kill: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, kill)
    timer.start()
    return timer


def run(
    port: int, messages: Sequence[Sent], *, rate: int | None, keeps: bool = False
) -> dict[str, Any]:
    """Send messages; ``rate`` per second, or each as soon as a connection is free."""
    return asyncio.run(_run(port, messages, rate, keeps))


async def _run(
    port: int, messages: Sequence[Sent], rate: int | None, keeps: bool
) -> dict[str, Any]:
    queue: asyncio.Queue[tuple[float | None, str, bytes] | None] = asyncio.Queue()
    taken: list[tuple[str, float]] = []
    failed: list[str] = []
    begun = time.perf_counter() + 0.05
    senders = [asyncio.create_task(_send(port, queue, taken, failed)) for _ in range(CONNECTIONS)]
    for number, (reference, request) in enumerate(messages):
        due = begun + number / rate if rate else None
        if due is not None and (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        queue.put_nowait((due, reference, request))
    for _ in senders:
        queue.put_nowait(None)
    await asyncio.gather(*senders)
    seconds = time.perf_counter() - begun
    times = sorted(latency for _, latency in taken)
    told = {
        "sent": len(messages),
        "acknowledged": len(taken),
        "refused_or_failed": len(failed),
        "seconds": round(seconds, 2),
        "per_second": round(len(taken) / seconds, 1),
        "milliseconds": {
            name: round(times[min(len(times) - 1, int(share * len(times)))] * 1000, 1)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
        }
        if times
        else {},
    }
    return told | ({"acknowledged_references": [r for r, _ in taken]} if keeps else {})


async def _send(
    port: int,
    queue: asyncio.Queue[tuple[float | None, str, bytes] | None],
    taken: list[tuple[str, float]],
    failed: list[str],
) -> None:
    reader = writer = None
    while (item := await queue.get()) is not None:
        due, reference, request = item
        due = due or time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status = await _status(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            reader = writer = None
            failed.append(reference)
            continue
        if status == 204:
            taken.append((reference, time.perf_counter() - due))
        else:
            failed.append(reference)
    if writer is not None:
        writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
         if line.startswith(b"content-length:")), 0,
    )  # fmt: skip
    if length:
        await reader.readexactly(length)
    return status
