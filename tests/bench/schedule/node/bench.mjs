// Usage: node bench.mjs CASES START STEPS RUNS RUN_MS. Prints "name zone parse_ns next_ns checksum" a line.
import { readFileSync } from "node:fs";
import { Cron } from "croner";
import { CronExpressionParser } from "cron-parser";

const [casesFile, start, steps, runs, runMs] = process.argv.slice(2);
const cases = readFileSync(casesFile, "utf8").trim().split("\n");
const from = new Date(Number(start) * 1000);

const libraries = {
  croner: {
    parse: (expr, zone) => new Cron(expr, { timezone: zone, mode: "5-part" }),
    chain(job) {
      let at = from;
      for (let i = 0; i < steps; i++) at = job.nextRun(at);
      return at.getTime() / 1000;
    },
  },
  "cron-parser": {
    parse: (expr, zone) => CronExpressionParser.parse(expr, { tz: zone, currentDate: from }),
    chain(job) {
      job.reset(from);
      let at;
      for (let i = 0; i < steps; i++) at = job.next();
      return at.getTime() / 1000;
    },
  },
};

// Median over the runs of the mean time of one call, in ns; each run lasts at least runMs.
function median(work, unitsPerCall) {
  const means = [];
  work();
  for (let r = 0; r < runs; r++) {
    const began = process.hrtime.bigint();
    let calls = 0n, spent;
    do {
      work();
      calls++;
      spent = process.hrtime.bigint() - began;
    } while (spent < BigInt(runMs) * 1000000n);
    means.push(Number(spent) / Number(calls) / unitsPerCall);
  }
  return means.sort((a, b) => a - b)[Math.floor(runs / 2)];
}

for (const [name, { parse, chain }] of Object.entries(libraries)) {
  for (const zone of ["UTC", "America/New_York"]) {
    const parseNs = median(() => cases.forEach((expr) => parse(expr, zone)), cases.length);
    const jobs = cases.map((expr) => parse(expr, zone));
    const nextNs = median(() => jobs.forEach(chain), jobs.length * steps);
    const sum = jobs.reduce((total, job) => total + chain(job), 0);
    console.log([name, zone, parseNs.toFixed(1), nextNs.toFixed(1), sum].join("\t"));
  }
}
