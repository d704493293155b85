"""What the end-to-end tests share: TAP, a real server, a receiver, and plain HTTP."""

import http.client
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, os.environ.get("MOONCRON_BUILD", "build"), "mooncron")
LIMIT = 20  # seconds for anything to show up; nothing waits for it when all is well
PARENT = "projects/p/locations/l"
JOBS = f"/v1/{PARENT}/jobs"

_count = _failed = 0
_lock = threading.Lock()


def ok(passed, what, detail=""):
    global _count, _failed
    with _lock:
        _count += 1
        _failed += not passed
        print(("ok" if passed else "not ok") + f" {_count} - {what}", flush=True)
        if not passed:
            for line in str(detail)[-2000:].splitlines() or [""]:
                print("#   " + line, flush=True)
    return passed


def equal(got, want, what):
    return ok(got == want, what, f"got  {got!r}\nwant {want!r}")


def together(*tests):
    """Run the tests at once: each has a folder and a server of its own, and most of them wait."""
    def one(test):
        try:
            test()
        except Exception:
            ok(False, test.__name__, traceback.format_exc())

    threads = [threading.Thread(target=one, args=(test,)) for test in tests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def done():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def wait_for(condition, limit=LIMIT):
    """The condition's first true value, None when it does not come."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    return None


def new_folder():
    return tempfile.mkdtemp(prefix="mooncron-e2e-")


class Server:
    """`mooncron serve` on a folder. What it says is in `log()`."""

    def __init__(self, folder, *options, command=None):
        self.folder = folder
        self.err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command or [PROGRAM, "serve", "--port", "0", "--data", folder, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.err)
        self.port = None
        if not wait_for(self._note):
            self.kill()
            raise RuntimeError("the server does not start: " + self.log())

    def _note(self):
        if self.process.poll() is not None:
            raise RuntimeError("the server ended: " + self.log())
        try:
            with open(os.path.join(self.folder, "server.json")) as file:
                note = json.load(file)
        except (OSError, ValueError):
            return False
        if note["pid"] != self.process.pid:
            return False
        self.port = int(note["url"].rsplit(":", 1)[1])
        return True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def log(self):
        self.err.seek(0)
        return self.err.read().decode(errors="replace")

    def call(self, method, path, body=None, timeout=LIMIT):
        """Status and decoded body. An answer that does not come raises OSError or HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = None if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
            connection.request(method, path, body=data)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text[:1] in b"{[" else text
        finally:
            connection.close()

    def jobs(self):
        found, token = {}, ""
        while True:
            status, page = self.call("GET", f"{JOBS}?pageSize=500&pageToken={token}")
            assert status == 200, page
            for job in page.get("jobs", []):
                found[job["name"].rsplit("/", 1)[1]] = job
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def stop(self, number=signal.SIGTERM):
        """Ask it to end; its exit code, None when it does not."""
        self.process.send_signal(number)
        try:
            return self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        self.process.kill()
        self.process.wait()


class Receiver:
    """A target. Keeps (method, path, headers, body); `answer(request, n)` gives the status."""

    def __init__(self, answer=None):
        self.requests = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                request = (self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                receiver.requests.append(request)
                status = answer(request, len(receiver.requests)) if answer else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any

            def log_message(self, *args):
                pass

        class Many(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, *args):
                pass  # a client that was killed

        self.server = Many(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def job(name, uri, schedule="0 0 1 1 *", **more):
    return {"name": f"{PARENT}/jobs/{name}", "schedule": schedule, "timeZone": "UTC",
            "httpTarget": {"uri": uri, "httpMethod": "POST"}, **more}


def run(*arguments, env=None, cwd=None, stdin=""):
    """Run the program to its end: exit code, output, diagnostics."""
    result = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, text=True,
                            timeout=LIMIT, env=env, cwd=cwd)
    return result.returncode, result.stdout, result.stderr


def remove(folder):
    if os.path.isfile(folder):
        os.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)
