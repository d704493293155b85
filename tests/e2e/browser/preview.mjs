// The page of `mooncron preview --html` in headless Chromium, from a file. Prints TAP.

import { browser, done, equal, fitsWidth, folder, nameless, ok, open, remove, run, shot, tooFaint, writeText } from "./harness.mjs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const JOBS = `
defaults { time_zone = "Europe/Berlin", http_target = { uri = "https://example.com/" } }
job "nightly" { schedule = "30 2 * * *" }
job "quarters" { schedule = "*/15 * * * *" }
job "report" { schedule = "every monday 09:00", time_zone = "America/New_York" }
job "asleep" { schedule = "* * * * *", paused = true }
`;
const MANY = `
local kinds = { "%d * * * *", "%d 2 * * *", "*/5 * * * *", "* * * * *", "%d %d * * 1-5", "every 10 minutes" }
for i = 1, 5000 do
  job(("job-%04d"):format(i)) { schedule = kinds[i % 6 + 1]:format(i % 60, i % 24), time_zone = "UTC",
    http_target = { uri = "https://example.com/" } }
end
`;

const place = folder();
const { context, close } = await browser();
const text = (page, selector) => page.locator(selector).allInnerTexts();

async function openPreview(name, source, ...options) {
  writeText(join(place, name), source);
  const path = join(place, `${name}.html`);
  writeText(path, run("preview", join(place, name), ...options, "--html"));
  return open(context, pathToFileURL(path).href);
}

async function testSmall() {
  const page = await openPreview("small.lua", JOBS, "--from", "2027-03-20T23:00:00Z", "--to", "10d", "--time-zone", "Europe/Berlin");
  const facts = (await text(page, "#facts dd")).map((one) => one.replace(/\s+/g, " "));
  equal(facts.slice(0, 2), ["971", "4 1 paused"], "counts runs and jobs: 960, 9 as one is skipped, and 2");
  equal(facts[4], "1", "and changes of the clock");
  ok((await text(page, "#changes li")).some((line) => line.includes("nightly") && line.includes("skipped")), "tells which run the change skips", await text(page, "#changes li"));
  equal(await page.locator("#map .cell").count(), 10 * 24 + 24, "a cell an hour: ten days are parts of eleven, as one has 23 hours");
  equal(await page.locator("#map .change").count(), 1, "the hour of the change is marked");
  equal(await page.locator("#lanes .lane").count(), 4, "a lane a job");
  const title = () => text(page, "#hour-title").then((list) => list[0]);
  ok((await title()).startsWith("Sun 2027-03-21 00:00"), "begins with the first hour that has runs", await title());
  await page.locator('#map .cell[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  ok((await title()).startsWith("Sun 2027-03-21 02:00-02:59: 5 runs"), "arrow keys move in the map", await title());
  equal(await page.locator("#runs tbody tr").count(), 5, "and list the runs of the hour");
  await page.keyboard.press("ArrowDown");
  ok((await title()).startsWith("Mon 2027-03-22 02:00"), "to the next day too");
  await page.click("#after");
  ok((await text(page, "#day-title"))[0].startsWith("Tue 2027-03-23"), "a button leads to the next day");
  await page.click("#before");
  ok((await text(page, "#day-title"))[0].startsWith("Mon 2027-03-22"), "and one back");
  await page.fill("#filter", "monday");
  equal(await text(page, "#lanes .name"), ["report"], "lanes can be filtered by the words of the schedule");
  await page.fill("#filter", "");
  await page.locator("#map .change").click();
  ok((await title()).startsWith("Sun 2027-03-28 01:00"), "a click picks an hour");
  await page.locator("#load [role=img]").hover({ position: { x: 200, y: 20 } });
  ok(/\d\d:\d\d \d+ run/.test((await text(page, "#readout"))[0]), "the load tells its minutes");
  await page.locator("#load [role=img]").click({ position: { x: 300, y: 20 } });
  equal(await nameless(page), [], "every control has a name");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 1280, height: 1100 });
    await shot(page, `preview-${colorScheme}`);
    equal(await tooFaint(page), [], `${colorScheme}: all text is legible`);
    await page.setViewportSize({ width: 360, height: 740 });
    await shot(page, `preview-${colorScheme}-phone`);
    ok(await fitsWidth(page), `${colorScheme}: fits a phone`);
  }
  equal(page.asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:")), [], "it needs nothing else");
  equal(page.problems, [], "no errors");
  await page.close();
}

async function testHostile() {
  const job = { name: "projects/p/locations/l/jobs/</script><script>document.title='hit'</script>", schedule: "0 * * * *", timeZone: "UTC" };
  const page = await openPreview("hostile.json", JSON.stringify([job]), "--from", "2027-01-01T00:00:00Z");
  ok(!(await page.title()).includes("hit") && (await page.locator("#lanes .lane").count()) === 1, "a name is text and nothing else");
  equal(page.problems, [], "no errors");
  await page.close();
}

async function testEmpty() {
  const page = await openPreview("empty.json", "[]", "--from", "2027-01-01T00:00:00Z");
  equal(await text(page, "#runs"), ["Nothing runs in this hour."], "no job at all is fine");
  equal(page.problems, [], "no errors");
  await page.close();
}

async function testMany() {
  writeText(join(place, "many.lua"), MANY);
  const started = Date.now();
  const page = await openPreview("many.lua", MANY, "--from", "2027-03-01T00:00:00Z", "--to", "30d");
  await page.waitForSelector("#runs tr");
  const took = Date.now() - started;
  ok(took < 6000, `5,000 jobs over 30 days: made and drawn in ${took} ms`);
  const picking = await page.evaluate(() => {
    const start = performance.now();
    document.querySelectorAll("#map .cell")[300].click();
    document.body.offsetHeight;
    return Math.round(performance.now() - start);
  });
  ok(picking < 500, `picking another day takes ${picking} ms`);
  ok((await text(page, "#lanes-count"))[0].includes("200 of 5,000 jobs"), "no more lanes than one can read");
  await shot(page, "preview-many");
  equal(page.problems, [], "no errors");
  await page.close();
}

try {
  await testSmall();
  await testHostile();
  await testEmpty();
  await testMany();
} catch (problem) {
  ok(false, `ends: ${problem.stack}`);
} finally {
  await close();
  remove(place);
}
done();
