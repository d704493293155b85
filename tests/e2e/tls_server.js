// A TLS server with HTTP/2 and HTTP/1.1, and a plain proxy, for tls_spec.lua: prints both ports.
// The TLS server asks for a client's certificate, as of the authority CA, but goes on without.
// usage: node tls_server.js CERT KEY CA
"use strict";
const fs = require("fs");
const http = require("http");
const http2 = require("http2");
const net = require("net");
const zlib = require("zlib");

const [cert, key, ca] = process.argv.slice(2).map((path) => fs.readFileSync(path));
let connections = 0;
const waiting = [];

const routes = {
  "/version": (req, res) => res.end(req.httpVersion),
  "/peer": (req, res) => res.end(req.socket.authorized ? req.socket.getPeerCertificate().subject.CN : "nobody"),
  "/connections": (req, res) => res.end(String(connections)),
  "/gzip": (req, res) => {
    res.setHeader("Content-Encoding", "gzip");
    res.end(zlib.gzipSync(req.headers["accept-encoding"] || "nothing"));
  },
  "/bomb": (req, res) => {
    res.setHeader("Content-Encoding", "gzip");
    res.end(zlib.gzipSync(Buffer.alloc(20 << 20)));
  },
  // Answers all once ten are here.
  "/together": (req, res) => {
    waiting.push(res);
    if (waiting.length === 10) waiting.splice(0).forEach((one) => one.end("ten"));
  },
};

function answer(req, res) {
  (routes[new URL(req.url, "http://x").pathname] || routes["/version"])(req, res);
}

const server = http2.createSecureServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false, allowHTTP1: true }, answer);
server.on("secureConnection", () => connections++);
const proxy = http.createServer((req, res) => res.end("through the proxy: " + req.url));
proxy.on("connect", (req, socket) => {
  const [host, port] = req.url.split(":");
  const onward = net.connect(port, host, () => {
    socket.write("HTTP/1.1 200 OK\r\nX-Proxy: yes\r\n\r\n");
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.on("error", () => socket.destroy());
  socket.on("error", () => onward.destroy());
});
server.listen(0, "127.0.0.1", () => {
  proxy.listen(0, "127.0.0.1", () => {
    console.log(server.address().port, proxy.address().port);
  });
});
setTimeout(() => process.exit(0), 60000); // never stays behind
