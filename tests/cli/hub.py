# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""A hub on this machine that sends its clients on to a second server, and misbehaves as told."""
import collections
import hashlib
import http.server
import threading
import time

REVISION = "0123456789abcdef0123456789abcdef01234567"


def git_blob(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    """`files`: {repository: {name: bytes}}. Large files are at the CDN, small ones at the hub."""

    def __init__(self, files):
        self.files = files
        self.asked = []            # (server, path, range, authorization)
        self.sent = collections.Counter()  # bytes of each file's name
        # What the next answers at the CDN do, one each; of the file that "of" names, else of any.
        self.faults = []
        self.gate = threading.Event()  # of those that wait
        self.gate.set()
        self.released = threading.Event()  # for a fault that holds what it has
        self.hub, self.cdn = self.start("hub"), self.start("cdn")
        self.endpoint = f"http://127.0.0.1:{self.hub.server_port}"

    def start(self, kind):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.answer(kind, self)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def close(self):
        for server in (self.hub, self.cdn):
            server.shutdown()
            server.server_close()

    def answer(self, kind, request):
        # Through a proxy, the whole address is asked for.
        path = "/" + request.path.split("/", 3)[3] if "://" in request.path else request.path
        self.asked.append((kind, path, request.headers.get("Range"),
                           request.headers.get("Authorization")))
        _, owner, name, _, revision, file = path.split("/")
        data = self.files.get(f"{owner}/{name}", {}).get(file)
        if data is None or revision != REVISION:
            return self.refuse(request, 404)
        if kind == "cdn":
            return self.send(request, file, data)
        if len(data) < 1000:
            return self.send_small(request, data)
        request.send_response(302)
        request.send_header("Location", f"http://localhost:{self.cdn.server_port}{path}")
        request.send_header("X-Linked-Size", str(len(data)))
        request.send_header("X-Linked-Etag", f'"{hashlib.sha256(data).hexdigest()}"')
        request.send_header("Content-Length", "0")
        request.end_headers()

    def send_small(self, request, data):
        request.send_response(200)
        request.send_header("ETag", f'"{git_blob(data)}"')
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def refuse(self, request, status, **headers):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def send(self, request, file, data):
        fault = {}
        if self.faults and self.faults[0].get("of", file) == file:
            fault = self.faults.pop(0)
        if "status" in fault:
            return self.refuse(request, fault["status"], **fault.get("headers", {}))
        self.gate.wait(60)
        first = 0
        asked = request.headers.get("Range")
        if asked and not fault.get("whole"):
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
        if first >= len(data):
            return self.refuse(request, 416)
        body = bytearray(data[first:])
        if "wrong" in fault:
            body[fault["wrong"] % len(body)] ^= 1
        request.send_response(206 if first else 200)
        if first:
            total = fault.get("total", len(data))
            request.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{total}")
        body += fault.get("more", b"")
        if "chunked" in fault:
            request.send_header("Transfer-Encoding", "chunked")
        else:
            request.send_header("Content-Length", str(fault.get("length", len(body))))
        request.send_header("ETag", '"an-etag-of-the-cdn"')
        request.end_headers()
        body = body[:min(fault.get("length", len(body)), fault.get("stop", len(body)))]
        try:
            self.send_body(request, file, bytes(body), fault)
        except OSError:
            pass  # the client went away
        request.close_connection = True

    def send_body(self, request, file, body, fault):
        step = fault.get("step", 1 << 16)
        for at in range(0, len(body), step):
            if at >= fault.get("hold", len(body)):
                self.released.wait(60)
            piece = body[at:at + step]
            if "chunked" in fault:
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            request.wfile.write(piece)
            self.sent[file] += len(body[at:at + step])
            time.sleep(fault.get("pause", 0))
        if "chunked" in fault and "stop" not in fault:
            request.wfile.write(b"0\r\n\r\n")
