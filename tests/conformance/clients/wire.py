"""Requests to the byte, for clients that are replayed rather than run."""

import http.client
import json
import os
import urllib.parse

ADDRESS = urllib.parse.urlsplit(os.environ["MOONCRON_URL"])


def exchange(method, target, headers=(), body=b""):
    """Send exactly these headers (and Host); give the status, the headers and the body of the answer."""
    connection = http.client.HTTPConnection(ADDRESS.netloc, timeout=60)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body or None)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def call(method, target, headers=(), body=None, want=200):
    """The decoded answer, whose status has to be `want`."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    if data:
        headers = [*headers, ("Content-Length", str(len(data)))]
    status, answered, text = exchange(method, target, headers, data)
    assert status == want, f"{method} {target} answered {status}: {text.decode()}"
    assert answered["Content-Type"] == "application/json; charset=UTF-8", answered["Content-Type"]
    return json.loads(text)
