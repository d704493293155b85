local filter <const> = require "mooncron.cli.filter"

local JOB <const> = {
  name = "projects/p/locations/l/jobs/nightly-report",
  state = "ENABLED",
  schedule = "0 2 * * *",
  scheduleTime = "2026-05-01T02:00:00Z",
  retryConfig = { maxDoublings = 5, minBackoffDuration = "5s" },
  httpTarget = { uri = "https://Example.com/x", headers = { ["X-A"] = "1", B = "two" } },
  list = { "red", "Green" },
  on = true,
}

describe("a filter", function()
  -- expression, whether it takes the job, why
  local rows <const> = {
    { "", true, "nothing takes all" },
    { "state=ENABLED", true, "equal" },
    { "state=enabled", true, "in any case" },
    { "state=ENABLE", false, "equal is whole" },
    { "state:ENABLE", true, "has is a part" },
    { "state:EN*", true, "a beginning" },
    { "state:*ED", true, "an end" },
    { "state:E*D", true, "both" },
    { "state:*EN", false, "not the end" },
    { "httpTarget:*", true, "there at all" },
    { "pubsubTarget:*", false, "not there" },
    { "-pubsubTarget:*", true, "a minus turns it round" },
    { "NOT state=ENABLED", false, "so does NOT" },
    { "state!=PAUSED", true, "not equal" },
    { "nothing!=x", true, "what is not there is not equal" },
    { "nothing=x", false, "nor equal" },
    { "state=(PAUSED ENABLED)", true, "one of" },
    { "state=(PAUSED,DISABLED)", false, "none of" },
    { "schedule=\"0 2 * * *\"", true, "quotes" },
    { "schedule='0 2 * * *'", true, "of the other kind" },
    { "retryConfig.maxDoublings=5", true, "numbers" },
    { "retryConfig.maxDoublings>4", true, "are compared as numbers" },
    { "retryConfig.maxDoublings<10", true, "not as texts" },
    { "retry_config.max_doublings<=5", true, "in either spelling" },
    { "retryConfig.maxDoublings>=6", false, "more" },
    { "nothing<5", true, "what is not there is less, as in gcloud" },
    { "on=true", true, "booleans" },
    { "scheduleTime<2026-06-01", true, "instants, from a date" },
    { "scheduleTime>'2026-05-01T01:59:59Z'", true, "to the second" },
    { "scheduleTime>2026-05-01T04:00:00+02:00", false, "in any zone" },
    { "nothing<2026-06-01", false, "no instant is not earlier" },
    { "name~nightly", true, "an expression, anywhere" },
    { "name~^nightly", false, "anchored" },
    { "name~'(daily|nightly)-.*t$'", true, "alternatives" },
    { "name!~daily", true, "not found" },
    { "httpTarget.headers.X-A=1", true, "a key of a map" },
    { "httpTarget.headers:two", true, "a map has its values" },
    { "httpTarget.headers:b", true, "and its names" },
    { "list:green", true, "any item of a list" },
    { "list~^r", true, "also for expressions" },
    { "list[1]=green", true, "one item" },
    { "list[-1]=red", false, "from the end" },
    { "name.basename()=nightly-report", true, "functions" },
    { "name.segment(3).upper()=L", true, "in a row" },
    { "example", true, "a word anywhere" },
    { "nowhere", false, "or not" },
    { "state=ENABLED AND name~nightly", true, "both" },
    { "state=ENABLED name~daily", false, "both without a word between" },
    { "state=PAUSED OR name~nightly", true, "either" },
    { "state=PAUSED OR state=DISABLED", false, "neither" },
    { "(state=PAUSED OR state=ENABLED) AND name:n", true, "parentheses" },
    { "NOT (state=PAUSED OR state=ENABLED)", false, "a whole group" },
    { "state = ENABLED", true, "blanks" },
    { "ORDER=x OR state=ENABLED", true, "a key that begins with OR" },
  }
  for _, row in ipairs(rows) do
    it(("%q: %s"):format(row[1], row[3]), function()
      assert.equal(row[2], assert(filter.compile(row[1]))(JOB))
    end)
  end

  local wrong <const> = {
    { "a=b AND c=d OR e=f", "Parenthesis grouping is required" },
    { "a=b AND", "Term expected" },
    { "a=", "Term operand expected" },
    { "(a=b", "Closing ) expected" },
    { "a=b)", "Unexpected tokens" },
    { "a='b", "Unterminated" },
    { "a~[b", "ends too early" },
    { "a.nofun()=x", "Unknown transform function nofun" },
    { "=b", "Name expected" },
    { "a=NOT b", "Logical operator not expected" },
  }
  for _, row in ipairs(wrong) do
    it(("refuses %q"):format(row[1]), function()
      local matches, e = filter.compile(row[1])
      assert.is_nil(matches)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.is_truthy(e.message:find(row[2], 1, true), e.message)
    end)
  end
end)
