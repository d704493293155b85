-- Tests of the jobs in jobs/orders.lua: `mooncron test scripts/test_orders.lua`. Each test has a scheduler of
-- its own on a clock that stands still; what jobs send is recorded and goes nowhere.

local test <const> = require("mooncron.testing").test

test("reminders come at nine on weekdays", { at = "2027-03-01T00:00:00Z" }, function(t)
  t:load "jobs/orders.lua"
  t:advance "7d"
  t:assert_sent { job = "reminders", method = "POST", url = "https://shop.example/reminders", times = 5 }
end)

test("the export is skipped in the night of the change to summer time", function(t)
  t:load "jobs/orders.lua"
  t:runs_at("orders-export", { from = "2027-03-26T12:00:00Z", to = "2027-03-29T12:00:00Z" }, {
    "2027-03-27T02:30:00+01:00",
    "2027-03-29T02:30:00+02:00", -- 02:30 does not exist on the 28th
  })
end)

test("the export sends JSON, and is tried again when the shop is down", function(t)
  t:load "jobs/orders.lua"
  t:fault { job = "orders-export", times = 1, status = 503 }
  t:run "orders-export"
  t:advance "1m"
  local attempts = t:attempts "orders-export"
  t:equal({ 503, 200 }, { attempts[1].http_status, attempts[2].http_status })
  local request = t:assert_sent { job = "orders-export", body = '{"day":"yesterday"}' }
  t:equal("Google-Cloud-Scheduler", request.headers["user-agent"])
end)

test("the banner waits until somebody resumes it", function(t)
  t:load "jobs/orders.lua"
  t:go_to "2027-12-02T00:00:00Z"
  t:assert_nothing_sent "christmas-banner"
  t:equal("PAUSED", t:get("christmas-banner").state)
end)
