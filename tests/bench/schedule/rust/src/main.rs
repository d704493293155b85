//! Usage: bench CASES START STEPS RUNS RUN_MS. Prints "name zone parse_ns next_ns checksum" a line.

use chrono::{DateTime, TimeZone, Utc};
use std::{env, fs, hint::black_box, str::FromStr, time::Instant};

struct Setting {
    cases: Vec<String>,
    start: i64,
    steps: usize,
    runs: usize,
    run_ms: u128,
}

/// The median over the runs of the mean time of one unit, in ns; each run lasts at least `run_ms`.
fn median(set: &Setting, units: usize, mut work: impl FnMut()) -> f64 {
    let mut means: Vec<f64> = (0..set.runs)
        .map(|_| {
            let began = Instant::now();
            let mut calls = 0;
            while began.elapsed().as_millis() < set.run_ms {
                work();
                calls += 1;
            }
            began.elapsed().as_nanos() as f64 / (calls * units) as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    means[set.runs / 2]
}

/// Time `parse`, and `next` chained from the start on what it gives.
fn bench<S, T: Copy>(
    name: &str,
    zone: &str,
    set: &Setting,
    from: T,
    parse: impl Fn(&str) -> S,
    next: impl Fn(&S, T) -> T,
    seconds: impl Fn(T) -> i64,
) {
    let parse_ns = median(set, set.cases.len(), || {
        for expr in &set.cases {
            black_box(parse(expr));
        }
    });
    let jobs: Vec<S> = set.cases.iter().map(|expr| parse(expr)).collect();
    let chain = |job: &S| (0..set.steps).fold(from, |at, _| next(job, at));
    let next_ns = median(set, jobs.len() * set.steps, || {
        for job in &jobs {
            black_box(seconds(chain(job)));
        }
    });
    let sum: i64 = jobs.iter().map(|job| seconds(chain(job))).sum();
    println!("{name}\t{zone}\t{parse_ns:.1}\t{next_ns:.1}\t{sum}");
}

fn parse_cron(expr: &str) -> cron::Schedule {
    cron::Schedule::from_str(&format!("0 {expr}")).unwrap()
}

fn bench_cron<Z: TimeZone>(set: &Setting, zone: Z, name: &str)
where
    DateTime<Z>: Copy,
    Z: 'static,
{
    let from = zone.timestamp_opt(set.start, 0).unwrap();
    bench("rust cron", name, set, from, parse_cron, |s, at| s.after(&at).next().unwrap(), |at| at.timestamp());
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let number = |i: usize| args[i].parse::<i64>().unwrap();
    let set = Setting {
        cases: fs::read_to_string(&args[1]).unwrap().lines().map(String::from).collect(),
        start: number(2),
        steps: number(3) as usize,
        runs: number(4) as usize,
        run_ms: number(5) as u128,
    };

    bench_cron(&set, Utc, "UTC");
    bench_cron(&set, chrono_tz::America::New_York, "America/New_York");
    // saffron evaluates in UTC only
    bench(
        "saffron",
        "UTC",
        &set,
        Utc.timestamp_opt(set.start, 0).unwrap(),
        |expr| saffron::Cron::new(expr.parse::<saffron::parse::CronExpr>().unwrap()),
        |s, at| s.next_after(at).unwrap(),
        |at: DateTime<Utc>| at.timestamp(),
    );
}
