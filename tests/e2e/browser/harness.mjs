// What the browser's tests share: TAP, the program, a receiver, headless Chromium with a folder of its own.

import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const PROGRAM = process.env.MOONCRON;
const SHOTS = process.env.SHOTS;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const LIMIT_MS = 15000;

// ---- TAP ----

let count = 0, failures = 0;

export function ok(value, name, got) {
  count++;
  if (!value) failures++;
  console.log(`${value ? "ok" : "not ok"} ${count} - ${name}`);
  if (!value && got !== undefined) console.log(`# got ${JSON.stringify(got)}`);
}

export const equal = (got, wanted, name) => ok(JSON.stringify(got) === JSON.stringify(wanted), name, got);

export function done() {
  console.log(`1..${count}`);
  process.exit(failures ? 1 : 0);
}

/** What `probe` gives, once it gives something. */
export async function eventually(probe, name) {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) { ok(false, `${name ?? probe} in ${LIMIT_MS} ms`); return value; }
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
}

// ---- processes ----

export const folder = () => mkdtempSync(join(tmpdir(), "mooncron-browser-"));
export const run = (...args) => execFileSync(PROGRAM, args, { maxBuffer: 1 << 28 }).toString();

export async function serve(data, ...options) {
  const child = spawn(PROGRAM, ["serve", "--data", data, "--port", "0", ...options], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk) => { log += chunk; });
  const url = await eventually(() => log.match(/serving (http:\S+),/)?.[1], "the server serves");
  return {
    url,
    log: () => log,
    stop: () => new Promise((resolve) => { child.on("exit", resolve); child.kill("SIGTERM"); }),
  };
}

export async function receiver() {
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    if (request.url.startsWith("/bad")) response.writeHead(503).end("out of order <b>\n");
    else response.end("thank you\n");
  });
  await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close: () => server.close() };
}

// ---- the browser ----

export async function browser() {
  const profile = folder();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM, headless: true, viewport: { width: 1280, height: 800 },
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  context.setDefaultTimeout(LIMIT_MS);
  return { context, close: async () => { await context.close(); rmSync(profile, { recursive: true, force: true }); } };
}

/** A page that notes what goes wrong in it, and what it asks of whom. */
export async function open(context, url) {
  const page = await context.newPage();
  page.problems = [];
  page.asked = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") page.problems.push(message.text()); });
  page.on("request", (request) => page.asked.push(request.url()));
  await page.goto(url);
  return page;
}

export async function shot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

export const fitsWidth = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

/** Controls without a name for those who do not see them. */
export const nameless = (page) => page.evaluate(() => [...document.querySelectorAll("button, input, select, a[href], [role=grid], [role=img], dialog")]
  .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("aria-labelledby") || node.textContent.trim() || node.labels?.length || node.title))
  .map((node) => node.outerHTML.slice(0, 120)));

/** Text whose contrast with what is behind it is less than WCAG's 4.5 : 1. */
export const tooFaint = (page) => page.evaluate(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!hasText || !node.checkVisibility() || node.closest(":disabled, script, style")) continue;
    const [a, b] = [light(rgba(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.add(`${node.tagName}.${node.className}: ${ratio.toFixed(2)}`);
  }
  return [...faint];
});

export const writeText = (path, text) => writeFileSync(path, text);
export const remove = (path) => rmSync(path, { recursive: true, force: true });
