"""Names whose answers change while somebody looks: a DNS server of its own, in namespaces of its own.

Run it as root in fresh namespaces (`unshare --mount --net python tests/rebinding.py webhook`): there
`/etc/resolv.conf` names it, and a public address and that of the clouds' credentials are this computer's. It
prints the outcome of each attack, or of those that are named, and who was reached.
"""

from __future__ import annotations

import fcntl
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

PUBLIC, LOOPBACK, CREDENTIALS = "93.184.216.34", "127.0.0.1", "169.254.169.254"
A, CNAME, AAAA = 1, 5, 28
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1
# What a name stands for when it is asked for the first, second, … time; the last stays. `{}` is the address
# that must not be reached.
ATTACKS = {
    "plain.example": ["{}"],
    "changes.example": [PUBLIC, "{}"],
    "several.example": [f"{PUBLIC} {{}}"],
    "mapped.example": ["::ffff:{}"],
    "alias.example": ["inner.example {}"],
    "translated.example": ["64:ff9b::{}"],
    "other-family.example": [f"{PUBLIC} ::ffff:{{}}"],
}


def name_bytes(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def reply(query: bytes, answers: list[str]) -> bytes:
    """With an answer for each address of the type that was asked for, and for each name an alias."""
    end = query.index(b"\0", 12) + 5
    owner, asked, records = b"\xc0\x0c", int.from_bytes(query[end - 4 : end - 2], "big"), []
    for answer in answers:
        if answer.endswith(".example"):
            data, kind = name_bytes(answer), CNAME
        else:
            data, kind = ip_address(answer).packed, AAAA if ":" in answer else A
        if kind in (asked, CNAME):
            records.append(owner + struct.pack(">HHIH", kind, 1, 0, len(data)) + data)
        owner = data if kind == CNAME else owner
    return (
        query[:2] + struct.pack(">HHHHH", 0x8400, 1, len(records), 0, 0) + query[12:end] + b"".join(records)
    )


def serve_names(inner: str) -> None:
    """Answers over UDP until the process ends."""
    times: dict[tuple[str, bytes], int] = defaultdict(int)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((LOOPBACK, 53))

    def run() -> None:
        while True:
            query, sender = server.recvfrom(512)
            name = next((name for name in ATTACKS if name_bytes(name) in query), "")
            asked = name, query[-4:]
            script = ATTACKS.get(name, [""])
            answer = script[min(times[asked], len(script) - 1)].format(inner)
            times[asked] += 1
            server.sendto(reply(query, answer.split()), sender)

    threading.Thread(target=run, daemon=True).start()


def listen(address: str, port: int, reached: list[str]) -> int:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reached.append(address)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(500)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    server = http.server.ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def own_network(resolv_conf: Path) -> None:
    """The loopback of these namespaces is up, and has all three addresses."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        for number, address in enumerate((PUBLIC, CREDENTIALS)):
            packed = struct.pack(
                "16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address)
            )
            fcntl.ioctl(any_socket, SIOCSIFADDR, packed)
    resolv_conf.write_text(f"nameserver {LOOPBACK}\n")
    subprocess.run(["mount", "--bind", str(resolv_conf), "/etc/resolv.conf"], check=True)


def webhook(url: str) -> str:
    import httpx2

    from concepts.publishing.webhooks import Receiver, check_address, new_secret, post
    from concepts.settings import load_settings

    check_address(url, load_settings())
    try:
        return str(post(load_settings(), Receiver(url, new_secret()), "msg_1", datetime.now(UTC), b"{}"))
    except httpx2.ConnectError as error:
        return str(error)


def model(url: str) -> str:
    from openai import APIConnectionError, APIStatusError

    from concepts.language.connection import openai_client

    try:
        messages = [{"role": "user", "content": "?"}]
        openai_client(url, "sk-secret", 10).chat.completions.create(model="any", messages=messages)  # type: ignore[arg-type]
    except APIStatusError as error:
        return str(error.status_code)
    except APIConnectionError as error:
        return str(error.__cause__)
    return "answered"


def command(url: str) -> str:
    """What a process of its own says that asks the endpoint at this address a few questions."""
    with tempfile.TemporaryDirectory() as home:
        given = {"DISCERN_HOME": home, "OPENAI_BASE_URL": url, "DISCERN_LLM_MODEL": "any"}
        ended = subprocess.run(
            [sys.executable, "-m", "discern", "settings", "--test"],
            env=os.environ | given,
            capture_output=True,
            text=True,
        )
    return ended.stdout + ended.stderr


ASKING = {"webhook": (webhook, LOOPBACK), "model": (model, CREDENTIALS), "command": (command, CREDENTIALS)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        own_network(Path(folder) / "resolv.conf")
        ask, inner = ASKING[sys.argv[1]]
        serve_names(inner)
        reached: list[str] = []
        port = listen(PUBLIC, 0, reached)
        listen(inner, port, reached)
        for name in sys.argv[2:] or ATTACKS:
            for time in (1, 2):
                reached.clear()
                said = ask(f"http://{name}:{port}/v1")
                print(json.dumps({"name": name, "time": time, "said": said, "reached": reached}), flush=True)


if __name__ == "__main__":
    main()
