"""A client that changes jobs and notes every answer, for the tests that kill the server."""

import http.client
import json
import random
import threading

from harness import JOBS, job


class Writer(threading.Thread):
    """`known`: job -> (state, description) as answered; `doubt`: job -> what an unanswered change makes."""

    def __init__(self, port, number, known, seed):
        super().__init__(daemon=True)
        self.port, self.number, self.known, self.random = port, number, known, random.Random(seed)
        self.doubt, self.answers, self.mistakes, self.over = {}, 0, [], False

    def plan(self):
        """Method, path, body, job, and what becomes of it."""
        names = sorted(self.known)
        name = self.random.choice(names) if names and self.random.random() < 0.7 else None
        if name is None:
            name = f"w{self.number}-{self.random.randrange(1 << 40):x}"
            text = f"made {self.random.random()}"
            return "POST", JOBS, job(name, "http://127.0.0.1:9/", description=text), name, ("ENABLED", text)
        state, text = self.known[name]
        kind = self.random.choice(["patch", "patch", "pause", "resume", "delete"])
        if kind == "patch":
            new = f"patched {self.random.random()}"
            return "PATCH", f"{JOBS}/{name}?updateMask=description", {"description": new}, name, (state, new)
        if kind == "delete":
            return "DELETE", f"{JOBS}/{name}", None, name, None
        return "POST", f"{JOBS}/{name}:{kind}", {}, name, ("PAUSED" if kind == "pause" else "ENABLED", text)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.over:
            method, path, body, name, after = self.plan()
            self.doubt = {name: after}
            try:
                connection.request(method, path, body=None if body is None else json.dumps(body))
                response = connection.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status != 200:
                self.mistakes.append((method, path, response.status, text))
                return
            self.doubt = {}
            self.answers += 1
            if after is None:
                del self.known[name]
            else:
                self.known[name] = after
        connection.close()


class Writers:
    """Several, each with jobs of its own, over many lives of the server."""

    def __init__(self, count, rng):
        self.known = [{} for _ in range(count)]
        self.rng = rng
        self.answers = self.cut_off = self.made_anyway = 0
        self.threads = []

    def start(self, port):
        self.threads = [Writer(port, i, known, self.rng.random()) for i, known in enumerate(self.known)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        for thread in self.threads:
            thread.over = True
            thread.join(20)

    def compare(self, jobs):
        """What of the jobs that are there is not as it was answered. Takes note of what is there."""
        found = {name: (j["state"], j.get("description")) for name, j in jobs.items() if name.startswith("w")}
        wrong = []
        for thread in self.threads:
            self.answers += thread.answers
            wrong += [f"refused: {mistake}" for mistake in thread.mistakes]
            for name, after in thread.doubt.items():
                before, got = thread.known.pop(name, None), found.get(name)
                if got not in (before, after):
                    wrong.append(f"{name}: {got}, neither {before} nor {after}")
                self.cut_off += 1
                self.made_anyway += got == after
                if got is not None:
                    thread.known[name] = got
        want = {name: value for each in self.known for name, value in each.items()}
        for name in sorted(set(want) | set(found)):
            if want.get(name) != found.get(name):
                wrong.append(f"{name}: answered {want.get(name)}, found {found.get(name)}")
        return wrong
