"""App Engine schedules evaluated a second time, day by day as the rules are told, with Python's own calendar and zones.

Usage: reference.py NEXT_PROGRAM. Prints TAP: a line for each kind of rule in each zone. Rules are made as data and written
as text, so nothing here parses.
"""

import datetime
import random
import subprocess
import sys
import zoneinfo

UTC = datetime.timezone.utc
ZONES = ("UTC", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Europe/Dublin", "Africa/Casablanca",
         "Asia/Beirut", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia")
# most of them a day or so before the clocks of some zone change
STARTS = ("2011-12-28T03:04", "2018-02-16T23:00", "2018-11-03T12:00", "2021-03-27T20:00", "2022-03-21T00:00",
          "2024-03-30T02:00", "2026-04-03T00:00", "2026-06-01T00:00", "2026-10-02T05:00", "2026-10-31T01:01",
          "2027-03-13T00:00")
STEPS = 6
PER_GROUP = 80
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # as datetime counts them
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ORDINALS = ("1st", "2nd", "third", "4th", "fifth")
DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
rng = random.Random(2026)


def instants(zone, naive):
    """When the clock shows `naive`: never in a gap, twice in an overlap."""
    both = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return sorted({int(at.timestamp()) for at in both if at.astimezone(zone).replace(tzinfo=None) == naive})


def first_instant(zone, naive):
    while not instants(zone, naive):
        naive += MINUTE
    return instants(zone, naive)[0]


def midnight(day):
    return datetime.datetime.combine(day, datetime.time())


def clock(minute):
    return f"{minute // 60:{rng.choice(('d', '02d'))}}:{minute % 60:02d}"


def some(values):
    return sorted(rng.sample(range(len(values)), rng.randint(1, min(4, len(values)))))


def names(values, chosen):
    return ",".join(values[i] for i in chosen)


def time_of_day():
    return rng.choice((0, 1, 30, 59, 60, 90, 119, 120, 150, 179, 180, 600, 1439, rng.randrange(1440)))


def ranged(period, first, last):
    """Runs in elapsed time from `first` of each day until `last`, of the next day when that is earlier."""

    def occurrences(zone, start):
        found = set()
        today = datetime.datetime.fromtimestamp(start, zone).date()
        for offset in range(-2, STEPS + 3):
            day = midnight(today + offset * DAY)
            end_day = day + DAY if last < first else day
            at = first_instant(zone, day + first * MINUTE)
            found.update(range(at, first_instant(zone, end_day + last * MINUTE) + 1, period * 60))
        return found

    return occurrences


def on_days(is_on, minute):
    """Runs whenever the clock of a day that is on shows the minute."""

    def occurrences(zone, start):
        found = []
        day = datetime.datetime.fromtimestamp(start, zone).date() - DAY
        while sum(at > start for at in found) < STEPS:
            if is_on(day):
                found += instants(zone, midnight(day) + minute * MINUTE)
            day += DAY
        return found

    return occurrences


def make_range():
    period = rng.choice((1, 5, 7, 13, 30, 45, 60, 90, 120, 300, 420, 1440, 2000))
    first, last = time_of_day(), time_of_day()
    return f"every {period} mins from {clock(first)} to {clock(last)}", ranged(period, first, last)


def make_synchronized():
    if rng.random() < 0.5:
        hours = rng.choice((1, 2, 3, 4, 6, 8, 12, 24))
        return f"every {hours} hours synchronized", ranged(hours * 60, 0, 1439)
    minutes = rng.choice((1, 5, 15, 20, 30, 45, 60, 90, 120, 240, 720))
    return f"every {minutes} minutes synchronized", ranged(minutes, 0, 1439)


def make_weekdays():
    days, months, minute = some(WEEKDAYS), some(MONTHS), time_of_day()
    ordinals = some(ORDINALS) if rng.random() < 0.7 else range(5)
    text = f"{'every' if len(ordinals) == 5 else names(ORDINALS, ordinals)} {names(WEEKDAYS, days)}"
    if rng.random() < 0.5:
        months = range(12)
    else:
        text += f" of {names(MONTHS, months)}"

    def is_on(day):
        return day.weekday() in days and (day.day - 1) // 7 in ordinals and day.month - 1 in months

    return f"{text} {clock(minute)}", on_days(is_on, minute)


def make_month_days():
    days = sorted({rng.choice((1, 15, 28, 29, 30, 31, rng.randint(1, 31))) for _ in range(rng.randint(1, 3))})
    thirds, minute = some(ORDINALS[:3]), time_of_day()

    def is_on(day):
        return day.day in days and (day.month - 1) % 3 in thirds

    text = f"{','.join(map(str, days))} of {names(ORDINALS, thirds)} month of quarter {clock(minute)}"
    return text, on_days(is_on, minute)


KINDS = {"ranges": make_range, "synchronized": make_synchronized, "weekdays": make_weekdays,
         "days of the month": make_month_days}


def make_cases():
    """Rows of (group, line for the program, occurrences wanted)."""
    for kind, make in KINDS.items():
        for name in ZONES:
            zone = zoneinfo.ZoneInfo(name)
            for _ in range(PER_GROUP):
                text, occurrences = make()
                moment = datetime.datetime.fromisoformat(rng.choice(STARTS)).replace(tzinfo=UTC)
                start = int(moment.timestamp()) + 60 * rng.randrange(3 * 1440)
                want = sorted(at for at in occurrences(zone, start) if at > start)[:STEPS]
                yield f"{kind} in {name}", f"{text}|{name}|{start}|{STEPS}", want


def main():
    cases = list(make_cases())
    text = "".join(line + "\n" for _, line, _ in cases)
    ran = subprocess.run([sys.argv[1]], input=text, capture_output=True, text=True, check=True)
    answers = ran.stdout.splitlines()
    faults = {group: [] for group, _, _ in cases}
    for i, (group, line, want) in enumerate(cases):
        answer = answers[i] if i < len(answers) else "error: no answer"
        got = answer if "error" in answer else [int(item.split("@")[0]) for item in answer.split()]
        if got != want:
            faults[group].append(f"{line}: got {got}, want {want}")
    for number, (group, wrong) in enumerate(faults.items(), 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {group}: {PER_GROUP - len(wrong)} of {PER_GROUP} agree")
        for fault in wrong:
            print(f"#   {fault}")
    print(f"1..{len(faults)}")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
