"use strict";
// TAP for scenarios that run one after the other, and a target that keeps what it receives.

const http = require("http");

const LIMIT_MS = 60000;
const scenarios = [];

/** A scenario: a claim, and an async function that throws when it does not hold. */
function test(claim, scenario) {
  scenarios.push([claim, scenario]);
}

async function within(limitMs, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function run(prefix) {
  let failed = 0;
  for (const [i, [claim, scenario]] of scenarios.entries()) {
    try {
      await within(LIMIT_MS, scenario());
      console.log(`ok ${i + 1} - ${prefix}: ${claim}`);
    } catch (e) {
      failed++;
      console.log(`not ok ${i + 1} - ${prefix}: ${claim}`);
      console.log(String(e.stack || e).replace(/^/gm, "#   "));
    }
  }
  console.log(`1..${scenarios.length}`);
  process.exit(failed === 0 ? 0 : 1);
}

/** A server that answers 200 to everything; `next()` gives the next request with its whole body. */
async function target() {
  const arrived = [], waiting = [];
  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      request.whole = Buffer.concat(chunks);
      response.end();
      (waiting.length ? waiting.shift() : (r) => arrived.push(r))(request);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    next: () => (arrived.length ? Promise.resolve(arrived.shift())
      : new Promise((done) => waiting.push(done))),
  };
}

module.exports = { test, run, target };
