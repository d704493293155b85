// TLS with HTTP/2 and HTTP/1.1 before the fake Google: node front.mjs UPSTREAM_PORT CERT KEY [CA] prints its
// port. With CA it talks only to clients with a certificate of that authority, which the upstream sees as the
// header x-client-certificate: the base64 of its DER. What the upstream answers with a header x-fault goes wrong on the way: "reset" breaks off amid the
// body, "endless" never ends, "garbage" is no JSON.
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";

const [upstream, cert, key, ca] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });

const faults = {
  reset: (res) => {
    res.write('{"name": "projects/', () => {
      if (res.stream) res.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      else res.destroy();
    });
  },
  endless: (res) => {
    const chunk = Buffer.alloc(65536, " ");
    const more = () => {
      while (!res.destroyed && !res.writableEnded && res.write(chunk));
      if (!res.destroyed) res.once("drain", more);
    };
    more();
  },
  garbage: (res) => res.end("\u0000<html>{{{"),
};

// Header fields of one hop, which HTTP/2 does not have.
const hop = new Set(["connection", "keep-alive", "transfer-encoding", "x-fault", "host",
  "x-client-certificate"]);

function clean(headers) {
  return Object.fromEntries(Object.entries(headers).filter(
    ([name]) => !hop.has(name) && !name.startsWith(":")));
}

function pass(req, res) {
  const headers = clean(req.headers);
  if (ca) headers["x-client-certificate"] = req.socket.getPeerCertificate().raw.toString("base64");
  const options = { agent, port: upstream, method: req.method, path: req.url, headers };
  const onward = http.request(options, (answer) => {
    const fault = faults[answer.headers["x-fault"]];
    const headers = clean(answer.headers);
    if (fault) delete headers["content-length"];
    headers["x-http-version"] = req.httpVersion;
    res.writeHead(answer.statusCode, headers);
    if (fault) {
      answer.resume();
      fault(res);
    } else answer.pipe(res);
  });
  onward.on("error", () => res.destroy());
  req.pipe(onward);
}

const server = http2.createSecureServer({
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  allowHTTP1: true,
  ...(ca && { ca: fs.readFileSync(ca), requestCert: true }),
}, pass);
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
setTimeout(() => process.exit(0), 60000); // never stays behind
