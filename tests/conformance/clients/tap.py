"""TAP for scenarios that run one after the other, and a target that keeps what it receives."""

import http.server
import queue
import sys
import threading
import traceback

_scenarios = []


def test(claim):
    """A scenario: a claim, and a function that raises when it does not hold."""

    def add(scenario):
        _scenarios.append((claim, scenario))
        return scenario

    return add


def run(prefix):
    failed = 0
    for number, (claim, scenario) in enumerate(_scenarios, 1):
        try:
            scenario()
            print(f"ok {number} - {prefix}: {claim}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {prefix}: {claim}")
            print("".join("#   " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
    print(f"1..{len(_scenarios)}")
    sys.exit(1 if failed else 0)


def equal(got, want):
    assert got == want, f"\ngot  {got!r}\nwant {want!r}"


class Target:
    """Answers 200 to everything; `next()` gives the next request: method, path, headers, body."""

    def __init__(self):
        arrived = self.arrived = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                arrived.put((self.command, self.path, self.headers, body))

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"

    def next(self):
        return self.arrived.get(timeout=60)
