// Compares our `next` with croner's on the same expressions, zones and instants. Usage: node differential.mjs NEXT_PROGRAM
// Prints TAP. Where the rules differ by design a list is compared up to there and the rest is skipped, and counted:
//  - around a change of the zone's offset: croner moves a run out of a gap and runs once in an overlap, we skip and run twice
//  - where the two sides' tzdata disagree about the offset itself
import { execFileSync } from "node:child_process";
import { Cron } from "croner";

const zones = [
  "UTC", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Europe/Dublin", "Africa/Casablanca",
  "Asia/Kathmandu", "Asia/Beirut", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
];
const instants = ["1995-06-15T12:34:00Z", "2011-12-29T08:00:00Z", "2016-02-28T23:59:00Z", "2024-03-09T00:00:00Z",
  "2026-10-31T20:20:00Z", "2027-12-31T23:59:00Z"].map((text) => Date.parse(text) / 1000);
const steps = 8;
const fixed = [
  "* * * * *", "*/15 * * * *", "*/7 * * * *", "3-59/15 * * * *", "0 * * * *", "30 2 * * *", "30 1 * * *", "0 0 * * *",
  "0 9 * * MON-FRI", "*/10 8-17 * * 1-5", "0 12 * * 0", "0 12 * * 7", "0 0 1 * *", "0 0 31 * *", "0 0 29 2 *", "5 4 * 1,7 *",
  "0 0 13 * 5", "0 6 1,15 * MON", "15 10 1-7 * WED", "59 23 31 12 *", "0 0-23/6 * * *", "1,2,58 3,4,22 * * *",
  "0 0 * FEB SUN", "0 3 30 1,3 *",
];

// A fixed sequence of pseudo-random numbers, so that every run tests the same.
let seed = 12345;
function random(n) {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 4294967296) * n);
}

function field(low, high, stars) {
  if (random(10) < stars) return "*";
  const one = () => low + random(high - low + 1);
  const ascending = () => [one(), one()].sort((a, b) => a - b);
  switch (random(4)) {
    case 0: return `*/${2 + random(Math.ceil((high - low) / 2))}`;
    case 1: return ascending().join("-");
    case 2: return `${ascending().join("-")}/${1 + random(5)}`;
    default: return Array.from({ length: 1 + random(3) }, one).join(",");
  }
}

const generated = Array.from({ length: 60 }, () => {
  const days = random(3);
  return [field(0, 59, 2), field(0, 23, 3), days === 1 ? field(1, 28, 0) : "*", field(1, 12, 7),
    days === 2 ? field(0, 6, 0) : "*"].join(" ");
});

const formats = new Map();
function offset(zone, seconds) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric",
      month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }));
  }
  const part = Object.fromEntries(formats.get(zone).formatToParts(seconds * 1000).map((p) => [p.type, Number(p.value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) / 1000 - seconds;
}

const changesNear = (zone, at) => offset(zone, at - 90000) !== offset(zone, at + 90000) ||
  offset(zone, at - 90000) !== offset(zone, at);

// "same", "skip" or a message.
function compare(zone, ours, theirs) {
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const mine = ours[i], other = theirs[i];
    if (mine?.at === other) continue;
    if (mine && offset(zone, mine.at) !== mine.offset) return "skip";
    if ([mine?.at, other].some((at) => at !== undefined && changesNear(zone, at))) return "skip";
    return `occurrence ${i}: ours ${mine?.at}, croner's ${other}`;
  }
  return "same";
}

const rows = [];
for (const expr of [...fixed, ...generated]) for (const zone of zones) for (const from of instants) rows.push({ expr, zone, from });
const answers = execFileSync(process.argv[2], {
  input: rows.map((r) => `${r.expr}|${r.zone}|${r.from}|${steps}\n`).join(""), encoding: "utf8", maxBuffer: 1 << 28,
}).split("\n");
const groups = new Map();
let skipped = 0, same = 0;

rows.forEach((row, i) => {
  const key = `${row.expr} in ${row.zone}`;
  const group = groups.get(key) ?? { same: 0, skipped: 0, faults: [] };
  const ours = answers[i].trim().split(" ").filter(Boolean).map((item) => {
    const [at, off] = item.split("@").map(Number);
    return { at, offset: off };
  });
  const theirs = new Cron(row.expr, { timezone: row.zone, mode: "5-part" })
    .nextRuns(steps, new Date(row.from * 1000)).map((date) => date.getTime() / 1000);
  const verdict = answers[i].startsWith("error") ? answers[i] : compare(row.zone, ours, theirs);
  if (verdict === "same") group.same++, same++;
  else if (verdict === "skip") group.skipped++, skipped++;
  else group.faults.push(`from ${row.from}: ${verdict}`);
  groups.set(key, group);
});

let n = 0, failed = 0;
for (const [key, { same: equal, skipped: left, faults }] of groups) {
  if (faults.length) failed++;
  console.log(`${faults.length ? "not ok" : "ok"} ${++n} - ${key}: ${equal} lists agree, ${left} differ by rule`);
  for (const fault of faults) console.log(`#   ${fault}`);
}
console.log(`1..${n}`);
console.log(`# ${same} lists of ${steps} agree, ${skipped} differ by rule, ${failed} expressions fail`);
process.exit(failed ? 1 : 0);
