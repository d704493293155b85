// The console of `mooncron serve` in headless Chromium: what is seen, every button and key, live changes, the
// token, other sites, 5,000 jobs. Prints TAP.

import { createServer, request as httpRequest } from "node:http";
import { browser, done, equal, eventually, fitsWidth, folder, nameless, ok, open, receiver, remove, run, serve, shot, tooFaint,
  writeText } from "./harness.mjs";
import { join } from "node:path";

const PARENT = "projects/shop/locations/europe-west1";
const TOKEN = "a-token-of-the-tests-0123456789";
const target = await receiver();
const { context, close } = await browser();

async function call(server, method, path, body, headers) {
  const response = await fetch(server.url + path, { method, body: body && JSON.stringify(body), headers });
  return { status: response.status, body: await response.json().catch(() => null) };
}

const job = (id, schedule, path, more) => ({ name: `${PARENT}/jobs/${id}`, schedule, timeZone: "Europe/Berlin",
  httpTarget: { uri: target.url + path, httpMethod: "POST", headers: { "X-Test": "yes" }, body: btoa("hello") }, ...more });

const seen = (page, selector) => page.locator(selector).allInnerTexts();
const ids = (page) => page.locator(".line.job").evaluateAll((rows) => rows.sort((a, b) => a.style.top.localeCompare(b.style.top, "en", { numeric: true }))
  .map((row) => row.dataset.name.replace(/.*\//, "")));
const selected = (page) => page.locator(".line.job[aria-selected=true]").getAttribute("data-name").then((name) => name.replace(/.*\//, ""));

// The ids of the jobs as they are due, those of one instant by name.
async function byNext(server) {
  const { body } = await call(server, "GET", `/v1/${PARENT}/jobs`);
  const key = (one) => one.scheduleTime + one.name;
  return body.jobs.sort((a, b) => (key(a) < key(b) ? -1 : 1)).map((one) => one.name.replace(/.*\//, ""));
}

async function testList() {
  console.log("# the list");
  const data = folder(), server = await serve(data);
  for (const one of [job("alpha", "0 9 * * 1-5", "/ok"), job("beta", "*/15 * * * *", "/bad"), job("gamma", "30 2 1 1 *", "/ok", { description: "<img src=x onerror=alert(1)>" })]) {
    await call(server, "POST", `/v1/${PARENT}/jobs`, one);
  }
  const page = await open(context, server.url + "/");
  await page.waitForSelector(".live.on");
  equal(await ids(page), ["alpha", "beta", "gamma"], "shows the jobs by name");
  ok((await page.locator(".line.job").first().innerText()).includes("at 09:00 on Monday to Friday"), "with their schedules in words");
  equal(await page.locator(".line.job img").count(), 0, "a description is text and nothing else");
  equal(await page.evaluate(() => document.activeElement.id), "rows", "the list has the focus");
  await page.keyboard.press("j");
  equal(await selected(page), "beta", "j moves down");
  await page.keyboard.press("k");
  equal(await selected(page), "alpha", "k moves up");
  await page.keyboard.press("End");
  equal(await selected(page), "gamma", "End moves to the last");
  await page.keyboard.press("/");
  await page.keyboard.type("quarter bad".split(" ")[1]);
  equal(await ids(page), ["beta"], "/ searches, in targets too");
  await page.keyboard.press("Escape");
  equal((await ids(page)).length, 3, "Esc ends the search");
  await page.fill("#search", "no such job");
  equal(await seen(page, "#empty"), ["No job is like that."], "says when nothing is found");
  await page.fill("#search", "");

  await page.selectOption("#sort", "next");
  // Which one is due first hangs on the time of day: the server knows, unless a slot comes just now.
  let due, found;
  do {
    due = await byNext(server);
    found = await ids(page);
  } while (String(due) !== String(await byNext(server)));
  equal(found, due, "sorts by next");
  for (const order of ["last", "name"]) {
    await page.selectOption("#sort", order);
    equal((await ids(page))[0], "alpha", `sorts by ${order}`);
  }
  await call(server, "POST", `/v1/${PARENT}/jobs/gamma:pause`, {});
  await eventually(async () => (await seen(page, ".badge.paused")).length === 1, "a pause by others is seen");
  ok(true, "a change by somebody else is seen at once");
  const filters = {};
  for (const name of ["Enabled", "Paused", "Failing", "Running", "All"]) {
    await page.click(`#filters button:has-text("${name}")`);
    filters[name] = (await page.locator("#rows").isHidden()) ? [] : await ids(page);
  }
  equal(filters, { Enabled: ["alpha", "beta"], Paused: ["gamma"], Failing: [], Running: [], All: ["alpha", "beta", "gamma"] }, "filters by state");

  await page.focus("#rows");
  await page.keyboard.press("Home");
  const before = target.requests.length;
  await page.keyboard.press("r");
  await eventually(() => target.requests.length > before, "r sends");
  equal(target.requests.at(-1).headers["x-test"], "yes", "r runs the job that is chosen");
  await eventually(async () => (await page.locator(".line.job").first().locator("u.o").count()) === 1, "the strip grows");
  await page.keyboard.press("p");
  await eventually(async () => (await page.locator(".line.job .badge.paused").count()) === 2, "p pauses");
  equal((await call(server, "GET", `/v1/${PARENT}/jobs/alpha`)).body.state, "PAUSED", "p pauses");
  await page.keyboard.press("p");
  await eventually(async () => (await call(server, "GET", `/v1/${PARENT}/jobs/alpha`)).body.state === "ENABLED", "p resumes");
  ok(true, "and resumes");

  await call(server, "DELETE", `/v1/${PARENT}/jobs/gamma`);
  await eventually(async () => (await ids(page)).length === 2, "a deletion is seen");
  await call(server, "POST", `/v1/${PARENT}/jobs`, job("delta", "every 10 minutes", "/ok"));
  await eventually(async () => (await ids(page)).includes("delta"), "a new job is seen");
  equal(await ids(page), ["alpha", "beta", "delta"], "jobs that go and come are seen at once");

  await page.keyboard.press("?");
  ok(await page.locator("#keys").isVisible(), "? tells the keys");
  await page.click("#keys button");
  await page.click("#help");
  ok(await page.locator("#keys").isVisible(), "so does the button");
  await page.keyboard.press("Escape");
  equal(await seen(page, "#zone"), ["UTC"], "times are UTC");
  await page.click("#zone");
  equal(await seen(page, "#zone"), ["Own time"], "or one's own");
  await page.keyboard.press("z");
  equal(await seen(page, "#zone"), ["UTC"], "z changes it back");
  equal(await nameless(page), [], "every control has a name");
  await testJob(page, server);
  await testTimeline(page, server);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const [name, hash] of [["list", "#/"], ["job", `#/job/${PARENT}/jobs/beta`], ["timeline", "#/timeline"]]) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${server.url}/${hash}`);
      await page.waitForTimeout(300);
      await shot(page, `${name}-${colorScheme}`);
      equal(await tooFaint(page), [], `${name}, ${colorScheme}: all text is legible`);
      await page.setViewportSize({ width: 360, height: 740 });
      await page.waitForTimeout(100);
      await shot(page, `${name}-${colorScheme}-phone`);
      ok(await fitsWidth(page), `${name}, ${colorScheme}: fits a phone`);
    }
  }
  const others = page.asked.filter((url) => !url.startsWith(server.url) && !url.startsWith("data:"));
  equal(others, [], "nothing is loaded from elsewhere");
  equal(page.problems, [], "no errors, no violation of the policy");
  const again = await testRestart(page, server, data);
  await page.close();
  await again.stop();
  remove(data);
}

async function testJob(page, server) {
  console.log("# a job");
  await page.click('.line.job[data-name$="/beta"]');
  await page.waitForSelector("#job-title");
  equal(await seen(page, "#job-title"), ["beta"], "a click opens the job");
  equal(await page.locator("#next-title + ol li").count(), 10, "with its next runs");
  await page.click('button[data-verb="run"]');
  await eventually(async () => (await page.locator(".attempts details").count()) > 0, "the attempt shows up");
  ok((await seen(page, ".attempts .what"))[0].includes("the target answered 503 Service Unavailable"), "Run now: the error is told in words",
    await seen(page, ".attempts .what"));
  await page.click(".attempts summary");
  const inside = (await seen(page, ".attempts .inside")).join();
  ok(inside.includes("out of order <b>"), "with the answer");
  ok(/X-CloudScheduler-ScheduleTime/i.test(inside) && inside.includes("X-Test"), "and the headers");
  await page.click('button[data-verb="pause"]');
  await page.waitForSelector('button[data-verb="resume"]');
  equal((await call(server, "GET", `/v1/${PARENT}/jobs/beta`)).body.state, "PAUSED", "Pause pauses");
  equal(await page.locator(".attempts details[open]").count(), 1, "what is open stays open");
  await page.click('button[data-verb="resume"]');
  await page.waitForSelector('button[data-verb="pause"]');
  equal((await call(server, "GET", `/v1/${PARENT}/jobs/beta`)).body.state, "ENABLED", "Resume resumes");
  await page.click("#definition summary");
  ok((await seen(page, "#definition pre"))[0].includes('"schedule": "*/15 * * * *"'), "its definition can be read");
  equal(await nameless(page), [], "every control has a name");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#rows");
  equal(await selected(page), "beta", "Esc leads back to where one was");
  await page.click('#filters button:has-text("Failing")');
  equal(await ids(page), ["beta"], "what fails can be filtered");
  await page.click('#filters button:has-text("All")');
  await page.focus("#rows");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#job-title");
  ok(true, "Enter opens the job too");
  await page.goto(`${server.url}/#/job/${PARENT}/jobs/nobody`);
  await page.waitForSelector("#job .problem");
  ok((await seen(page, "#job .problem"))[0].includes("is not there"), "a job that is not there says so");
  page.problems = page.problems.filter((text) => !text.includes("404"));
  await page.click("#job a");
}

async function testTimeline(page, server) {
  console.log("# the timeline");
  await page.keyboard.press("t");
  await page.waitForSelector("#timeline .lane");
  equal(await page.locator("#timeline .lane").count(), 3, "a lane a job");
  ok(/Load per minute: \d+ runs, at most \d+ a minute/.test(await page.locator("#timeline [role=img]").getAttribute("aria-label")), "the load is told in words too");
  await page.locator("#timeline [role=img]").hover({ position: { x: 300, y: 30 } });
  await page.locator("#timeline [role=img]").click({ position: { x: 1, y: 30 } });
  ok(/: \d+ runs?$/.test((await seen(page, ".picked h3"))[0]), "a click tells who runs then");
  await page.keyboard.press("/");
  await page.keyboard.type("delta");
  equal(await page.locator("#timeline .lane").count(), 1, "lanes can be filtered");
  await page.fill("#lane-filter", "");
  await page.focus("#lane-filter");
  await call(server, "POST", `/v1/${PARENT}/jobs/delta:pause`, {});
  await eventually(async () => (await page.locator("#timeline .lane").count()) === 2, "the timeline follows");
  equal(await page.evaluate(() => document.activeElement.id), "lane-filter", "the timeline follows what changes, and keeps the focus");
  await call(server, "POST", `/v1/${PARENT}/jobs/delta:resume`, {});
  await eventually(async () => (await page.locator("#timeline .lane").count()) === 3, "it follows again");
  await page.click("#timeline .lane a");
  await page.waitForSelector("#job-title");
  ok(true, "a lane leads to its job");
  equal(await nameless(page), [], "every control has a name");
  await page.click('nav a:has-text("Timeline")');
  await page.waitForSelector("#timeline .lane");
  await page.click('nav a:has-text("Jobs")');
  await page.waitForSelector(".line.job");
}

async function testRestart(page, server, data) {
  await page.goto(`${server.url}/#/`);
  await page.waitForSelector(".live.on");
  const port = new URL(server.url).port;
  const started = Date.now();
  await server.stop();
  ok(Date.now() - started < 4000, "a page that listens does not keep the server from its end");
  await page.waitForSelector(".live.off");
  const again = await serve(data, "--port", port);
  await page.waitForSelector(".live.on");
  ok(true, "the page notices that the server is gone, and that it is there again");
  return again;
}

async function testToken() {
  console.log("# the token");
  const data = folder();
  writeText(join(data, "token"), TOKEN);
  const server = await serve(data, "--token-file", join(data, "token"));
  const bearer = { Authorization: `Bearer ${TOKEN}` };
  await call(server, "POST", `/v1/${PARENT}/jobs`, job("secret-job", "0 0 1 1 *", "/ok"), bearer);
  equal((await call(server, "GET", "/mooncron/console/jobs")).status, 401, "no data without the token");
  equal((await call(server, "POST", `/v1/${PARENT}/jobs/secret-job:run`, {}, { "Mooncron-Console": "1" })).status, 401, "no change without the token");
  const page = await open(context, server.url + "/");
  await page.waitForSelector("#login[open]");
  equal(await page.locator(".line.job").count(), 0, "nothing is shown before");
  await shot(page, "login");
  await page.fill("#token", "not the token at all");
  await page.click("#login button");
  await page.waitForSelector("#login-problem:not([hidden])");
  ok(true, "a wrong one is refused");
  await page.fill("#token", TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".line.job");
  equal(await ids(page), ["secret-job"], "the right one opens");
  await page.reload();
  await page.waitForSelector(".line.job");
  ok(true, "it is asked for once");
  await page.keyboard.press("p");
  await eventually(async () => (await seen(page, ".badge.paused")).length === 1, "changes bear it");
  await page.close();
  await server.stop();
  remove(data);
}

function rawRequest(server, path, headers) {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    const sent = httpRequest({ hostname, port, path, method: "GET", headers }, (response) => { response.resume(); resolve(response.statusCode); });
    sent.end();
  });
}

async function testOtherSites() {
  console.log("# other sites");
  const data = folder(), server = await serve(data);
  await call(server, "POST", `/v1/${PARENT}/jobs`, job("victim", "0 0 1 1 *", "/ok"));
  const state = async () => (await call(server, "GET", `/v1/${PARENT}/jobs/victim`)).body.state;
  const evil = createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(`<form method="post" enctype="text/plain" target="into" action="${server.url}/v1/${PARENT}/jobs/victim:pause"><input name="{}"></form><iframe name="into"></iframe>`);
  });
  await new Promise((resolve) => { evil.listen(0, "127.0.0.1", resolve); });
  const page = await open(context, `http://127.0.0.1:${evil.address().port}/`);
  const [answer] = await Promise.all([page.waitForResponse((r) => r.url().includes(":pause")), page.evaluate(() => document.forms[0].submit())]);
  equal([answer.status(), await state()], [403, "ENABLED"], "a form of another site, on this machine too, changes nothing");
  const tried = await page.evaluate(async ([url]) => {
    const tries = [{ mode: "no-cors", body: "{}" }, { body: "{}", headers: { "Mooncron-Console": "1" } }];
    const results = [];
    for (const one of tries) results.push(await fetch(url, { method: "POST", ...one }).then((r) => r.type, () => "blocked"));
    return results;
  }, [`${server.url}/v1/${PARENT}/jobs/victim:pause`]);
  equal([tried, await state()], [["opaque", "blocked"], "ENABLED"], "nor do its scripts");
  const read = await page.evaluate(([url]) => fetch(url).then(() => "read", () => "blocked"), [`${server.url}/mooncron/console/jobs`]);
  equal(read, "blocked", "nor can they read");
  await page.evaluate(([url]) => { document.body.innerHTML = `<iframe src="${url}"></iframe>`; }, [`${server.url}/`]);
  await eventually(() => page.problems.some((text) => text.includes("frame-ancestors")), "framing is refused");
  ok(true, "nor frame it");
  equal(await rawRequest(server, "/", { Host: "evil.example" }), 403, "another name in Host is refused (DNS rebinding)");
  equal(await rawRequest(server, "/console/../app.js", {}), 404, "only the console's files are served");
  equal((await call(server, "POST", `/v1/${PARENT}/jobs/victim:pause`, {})).status, 200, "clients that are no browsers work as ever");
  await page.close();
  evil.close();
  await server.stop();
  remove(data);
}

const SEED = `
local m = require "mooncron"
local c <close> = assert(m.connect { data = arg[1], project = "shop", location = "europe-west1" })
local kinds = { "%d * * * *", "%d 2 * * *", "*/5 * * * *", "%d 9 1 * *", "every 10 minutes" }
local list = {}
for i = 1, 5000 do list[i] = i end
assert(m.task.map(list, { limit = 256 }, function(i)
  return c:create_job { name = ("job-%04d"):format(i), schedule = kinds[i % 5 + 1]:format(i % 60), time_zone = "UTC",
    http_target = { uri = "http://127.0.0.1:1/" } }
end))`;

async function testMany() {
  console.log("# 5,000 jobs");
  const data = folder();
  writeText(join(data, "seed.lua"), SEED);
  run(join(data, "seed.lua"), data);
  const server = await serve(data, "--clock", "virtual");
  const started = Date.now();
  const page = await open(context, `http://${new URL(server.url).host}/`);
  await page.waitForSelector(".live.on");
  await page.waitForSelector(".line.job");
  const loaded = Date.now() - started;
  ok(loaded < 3000, `are there after ${loaded} ms`);
  const rows = await page.locator(".line.job").count();
  ok(rows < 60, `${rows} rows are in the document`);
  const timed = (fn, argument) => page.evaluate(fn, argument);
  const scroll = await timed(async () => {
    const box = document.getElementById("rows");
    let worst = 0, last = performance.now();
    for (let i = 0; i < 60; i++) {
      box.scrollTop += 4000;
      await new Promise(requestAnimationFrame);
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }
    return Math.round(worst);
  });
  ok(scroll < 250, `scrolling: the slowest of 60 frames takes ${scroll} ms`);
  await page.focus("#rows");
  await page.keyboard.press("End");
  equal(await selected(page), "job-5000", "End is the last one");
  const search = await timed(() => {
    const box = document.getElementById("search"), start = performance.now();
    box.value = "job-49";
    box.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    return Math.round(performance.now() - start);
  });
  ok(search < 250, `a search takes ${search} ms`);
  equal(await seen(page, "#summary"), ["100 of 5,000 jobs"], "and finds");
  await page.fill("#search", "");
  await page.selectOption("#sort", "next");
  await call(server, "POST", "/mooncron/clock:advance", { duration: "5m" });
  await eventually(async () => Number((await page.locator("#filters button:has-text('Failing') small").innerText()).replace(",", "")) > 1000, "runs of a thousand jobs arrive");
  ok(true, "a thousand jobs that fire at once are seen");
  ok((await page.locator("#clock").innerText()).includes("virtual"), "a virtual clock is named");
  await shot(page, "many");
  const before = Date.now();
  await page.keyboard.press("Escape");
  await page.goto(`${server.url}/#/timeline`);
  await page.waitForSelector("#timeline .lane");
  const drawn = Date.now() - before;
  ok(drawn < 3000, `their day is drawn in ${drawn} ms`);
  await shot(page, "many-timeline");
  equal(page.problems, [], "no errors");
  await page.close();
  await server.stop();
  remove(data);
}

try {
  await testList();
  await testToken();
  await testOtherSites();
  await testMany();
} catch (problem) {
  ok(false, `ends: ${problem.stack}`);
} finally {
  await close();
  target.close();
}
done();
