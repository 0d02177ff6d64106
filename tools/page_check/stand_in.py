"""A stand-in for the host: serves the page's files and a feed with a made-up battle, over plain sockets.

It exists so that the page can be checked without the host, and against a feed no host would send: in hostile mode,
malformed messages are mixed between the good ones. Python's standard library only; it listens on loopback only.
"""

import base64
import hashlib
import json
import pathlib
import socket
import struct
import threading
import time

from page_check.battle import FRAME_HZ, Battle
from page_check.hostile import hostile_messages

PAGE = pathlib.Path(__file__).resolve().parents[2] / "host-server/src/control/page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StandIn:
    """The server. One thread for each connection; close() ends them all."""

    def __init__(self, port=0, characters=300, hostile=False):
        self.battle = Battle(characters)
        self.lock = threading.Lock()
        self.hostile = hostile
        self.open = True
        self.started = time.monotonic()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.run_battle, daemon=True).start()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.open = False
        for connection in [self.listener, *self.connections]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def run_battle(self):
        due = time.monotonic()
        while self.open:
            with self.lock:
                self.battle.step(1 / FRAME_HZ)
                self.frame_bytes = self.battle.frame()
            due += 1 / FRAME_HZ
            time.sleep(max(0, due - time.monotonic()))

    def accept(self):
        while self.open:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            request = b""
            while b"\r\n\r\n" not in request and len(request) < 65536:
                more = connection.recv(4096)
                if not more:
                    return
                request += more
            path = request.split(b" ", 2)[1].decode()
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in request.decode("latin-1").split("\r\n")[1:])
            }
            if path == "/live":
                self.serve_feed(connection, headers["sec-websocket-key"])
            else:
                self.serve_file(connection, path)
        except OSError:
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    @staticmethod
    def serve_file(connection, path):
        file = PAGE / ("index.html" if path == "/" else path.lstrip("/"))
        known = file.parent == PAGE and file.suffix in TYPES and file.is_file()
        body = file.read_bytes() if known else b"not found"
        status, kind = ("200 OK", TYPES[file.suffix]) if known else ("404 Not Found", "text/plain")
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Content-Security-Policy: {POLICY}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + body)

    def serve_feed(self, connection, key):
        accept = base64.b64encode(hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        connection.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        asked = {"follow": None}
        threading.Thread(target=self.listen, args=(connection, asked), daemon=True).start()
        with self.lock:
            send(connection, json.dumps(self.battle.hello()))
        count = 0
        due = time.monotonic()
        while self.open:
            with self.lock:
                send(connection, self.frame_bytes)
                if count % 5 == 0:
                    send(connection, json.dumps(self.battle.stats(asked["follow"], self.started)))
                if self.hostile and count % 20 == 10:
                    for message in hostile_messages(self.battle):
                        send(connection, message)
            count += 1
            due += 1 / FRAME_HZ
            time.sleep(max(0, due - time.monotonic()))

    @staticmethod
    def listen(connection, asked):
        """Reads the page's small masked frames."""
        try:
            reader = connection.makefile("rb")
            while head := reader.read(2):
                length = head[1] & 127
                if length > 125:
                    return
                mask, data = reader.read(4), reader.read(length)
                text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
                if head[0] & 15 == 1:
                    asked["follow"] = json.loads(text).get("follow")
        except (OSError, ValueError, IndexError):
            pass


def send(connection, message):
    """One unmasked WebSocket message."""
    opcode, data = (0x81, message.encode()) if isinstance(message, str) else (0x82, message)
    if len(data) < 126:
        head = struct.pack("!BB", opcode, len(data))
    elif len(data) < 65536:
        head = struct.pack("!BBH", opcode, 126, len(data))
    else:
        head = struct.pack("!BBQ", opcode, 127, len(data))
    connection.sendall(head + data)


if __name__ == "__main__":
    import sys

    server = StandIn(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0, characters=int(sys.argv[2]) if len(sys.argv) > 2 else 300)
    print(server.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.close()
