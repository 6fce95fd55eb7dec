"""A queue for moderators: what Discern flags comes by webhook, and each decision goes back as a label.

    DISCERN_INTERNAL_WEBHOOKS=1 discern run                      # permits a receiver on this computer
    python examples/moderation_queue.py "Unsafe playground" ~/Incoming

It needs a concept with a trained version, and nothing but Python. For each flagged picture press y (it
counts), n (it doesn't), or Enter to leave it for later. Labels given with the score in view teach the next
version and change no figure.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import queue
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {"y": "yes", "n": "no"}
OLDEST = 300  # seconds: an older message may be somebody's copy


class Discern:
    """The few calls of its REST API that a queue needs (docs/rest.md has more)."""

    def __init__(self, address, concept):
        self.place = f"{address}/api/v1/concepts/{urllib.parse.quote(concept)}"

    def call(self, method, path, body=None, key=None):
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.place}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)

    def watch(self, folder, webhook):
        """Begins to watch; returns the number of the watch and the key that its messages are signed with."""
        watch = self.call("POST", "watches", {"folder": folder, "webhook": webhook})
        return watch["watch"]["id"], base64.b64decode(watch["secret"].removeprefix("whsec_"))

    def stop(self, watch):
        self.call("POST", f"watches/{watch}/stop")

    def label(self, picture, value):
        body = {"answers": [{"picture": picture, "value": value}], "in_view": True}  # the score was in view
        self.call("POST", "labels", body, key=f"moderated {picture} {time.time()}")


class Receiver(ThreadingHTTPServer):
    """Takes signed messages (Standard Webhooks) and puts each flagged picture into the queue once."""

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Message)
        self.flagged = queue.Queue()
        self.key = b""
        self.seen = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def is_genuine(self, headers, body):
        number, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        signed = f"{number}.{sent}.".encode() + body
        right = "v1," + base64.b64encode(hmac.digest(self.key, signed, "sha256")).decode()
        is_new = sent.isdigit() and abs(time.time() - int(sent)) < OLDEST
        return is_new and any(
            hmac.compare_digest(right, given) for given in headers.get("webhook-signature", "").split()
        )


class Message(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.server.is_genuine(self.headers, body):
            return self.end(401)
        number = self.headers["webhook-id"]  # the same at every try
        if number not in self.server.seen:
            self.server.seen.add(number)
            self.server.flagged.put(json.loads(body)["data"])
        return self.end(204)

    def end(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("concept")
    parser.add_argument("folder")
    parser.add_argument("--app", default="http://127.0.0.1:7860")
    options = parser.parse_args()

    discern, receiver = Discern(options.app, options.concept), Receiver()
    watch, receiver.key = discern.watch(options.folder, f"http://127.0.0.1:{receiver.server_port}/")
    print(f"Watching {options.folder}. y: counts, n: doesn't, Enter: later, Ctrl-D: stop.", flush=True)
    try:
        while True:
            picture = receiver.flagged.get()
            said = input(f"{picture['file']}, {picture['probability']:.0%} sure? ").strip().lower()
            if said in ANSWERS:
                discern.label(picture["picture"], ANSWERS[said])
                print(f"{ANSWERS[said]}: {picture['file']}", flush=True)
    except (EOFError, KeyboardInterrupt):
        discern.stop(watch)
        print(f"Stopped. {receiver.flagged.qsize()} are left: discern concept flagged has them all.")


if __name__ == "__main__":
    main()
