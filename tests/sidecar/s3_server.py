# SPDX-License-Identifier: MIT
"""A bucket that speaks S3 as far as the tests need it: it computes each signature itself, and can
fail, be slow, or be away."""
import datetime
import hashlib
import hmac
import http.server
import re
import threading
import time

ID, SECRET, REGION, BUCKET = "AKIDFORTESTS", "a/secret+for=tests-0123456789", "test-region-1", "speech-bucket"


def sign(secret, date, region, text):
    key = ("AWS4" + secret).encode()
    for part in (date, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        self.answer(status, b"<Error><Code>%s</Code></Error>" % code.encode())

    def fault(self, body):
        """Why the signature is not right; "": it is."""
        found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                         r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$",
                         self.headers.get("Authorization", ""))
        if not found:
            return "AccessDenied"
        key, date, region, names, signature = found.groups()
        if key != ID:
            return "InvalidAccessKeyId"
        if region != self.server.region:
            return "AuthorizationHeaderMalformed"
        stamp = self.headers.get("x-amz-date", "")
        digest = self.headers.get("x-amz-content-sha256", "")
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names.split(";")):
            return "AccessDenied"
        now = datetime.datetime.now(datetime.timezone.utc)
        asked = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((now - asked).total_seconds()) > 900 or not stamp.startswith(date):
            return "RequestTimeTooSkewed"
        if digest != hashlib.sha256(body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        path, _, query = self.path.partition("?")
        headers = "".join("%s:%s\n" % (name, " ".join(self.headers.get(name, "").split()))
                          for name in names.split(";"))
        canonical = "\n".join([self.command, path, query, headers, names, digest])
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, "%s/%s/s3/aws4_request" % (date, region),
                          hashlib.sha256(canonical.encode()).hexdigest()])
        right = hmac.compare_digest(sign(SECRET, date, region, text), signature)
        return "" if right else "SignatureDoesNotMatch"

    def handle_one(self):
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.requests.append((self.command, self.path))
        waited = time.monotonic() + server.seconds_late
        while time.monotonic() < waited and not server.ending:
            time.sleep(0.02)
        if server.gate is not None:
            server.gate.wait(120)
        folder = (self.path.split("/") + [""] * 5)[4]
        with server.lock:
            stumbled = server.stumbled.get((self.command, self.path), 0)
            stumbles = stumbled < server.stumbles.get((self.command, folder), 0)
            server.stumbled[self.command, self.path] = stumbled + 1
        if stumbles or server.away:
            if stumbled % 2 == 0:
                return self.refuse(503, "SlowDown")
            self.close_connection = True
            return None
        fault = self.fault(body)
        if fault:
            server.faults.append(fault)
            return self.refuse(403, fault)
        head = "/%s/" % BUCKET
        if not self.path.startswith(head):
            return self.refuse(404, "NoSuchBucket")
        name = self.path[len(head):]
        with server.lock:
            if self.command == "PUT":
                server.objects[name] = body
                return self.answer(200)
            if self.command == "DELETE":
                server.objects.pop(name, None)
                return self.answer(204)
            data = server.objects.get(name)
        if data is None:
            return self.refuse(404, "NoSuchKey")
        span = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range", ""))
        if not span:
            return self.answer(200, data)
        first, last = int(span[1]), min(int(span[2]), len(data) - 1)
        if first >= len(data):
            return self.refuse(416, "InvalidRange")
        return self.answer(206, data[first:last + 1],
                           [("Content-Range", "bytes %d-%d/%d" % (first, last, len(data)))])

    do_GET = do_PUT = do_DELETE = handle_one


class S3Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address="127.0.0.1"):
        super().__init__((address, 0), Handler)
        self.objects, self.requests, self.faults = {}, [], []
        self.lock = threading.Lock()
        self.region, self.away, self.seconds_late = REGION, False, 0.0
        # How often each object of a folder fails first, by verb and folder.
        self.stumbles, self.stumbled = {}, {}
        # An event that every request waits for.
        self.gate, self.ending = None, False
        self.endpoint = "http://%s:%d" % (address, self.server_address[1])
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def handle_error(self, request, client_address):
        """Clients that go are no news."""

    def names(self):
        with self.lock:
            return sorted(self.objects)

    def flags(self, prefix="pre/fix"):
        return ["--objects", "s3://%s/%s" % (BUCKET, prefix), "--objects-endpoint", self.endpoint,
                "--objects-from-kb", "1"]

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}

    def config(self, **more):
        return dict({"accessId": ID, "accessSecret": SECRET, "bucketName": BUCKET,
                     "endpointUrl": self.endpoint}, **more)

    def close(self):
        self.ending = True
        if self.gate:
            self.gate.set()
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
