---usage: lua5.4 main.lua record FILE | check FILE
---`record` writes what the gcloud on PATH answers to cases.lua; `check` runs gcloud and mooncron side by
---side, each on a server of its own, compares them, and prints TAP.

local here <const> = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;lua/?.lua;lua/?/init.lua;" .. package.path

local cases <const> = require "cases"
local json <const> = require "mooncron.json"
local replay <const> = require "replay"

local GCLOUD <const> = "gcloud scheduler"

local function said(server, tool, case)
  return replay.essence(case, replay.run(server, tool, case[1]))
end

local function record(path)
  local server, list = replay.server(), {}
  for i, case in ipairs(cases) do
    list[i] = { args = case[1], said = said(server, GCLOUD, case) }
  end
  server.stop()
  local file <close> = assert(io.open(path, "wb"))
  file:write(json.pretty(list, { "args", "said", said = { "code", "out", "err" } }))
end

local function check()
  local ours, theirs = replay.server(), replay.server()
  local failed = 0
  print("1.." .. #cases)
  for i, case in ipairs(cases) do
    local want, got = said(theirs, GCLOUD, case), said(ours, replay.mooncron, case)
    local same = json.canonical(want) == json.canonical(got)
    failed = failed + (same and 0 or 1)
    print(("%s %d - %s: %s"):format(same and "ok" or "not ok", i, case.why, (case[1]:gsub("#", "\\#"))))
    if not same then
      print("# gcloud: " .. json.canonical(want) .. "\n# mooncron: " .. json.canonical(got))
    end
  end
  ours.stop()
  theirs.stop()
  return failed == 0 and 0 or 1
end

if not os.execute("command -v gcloud >/dev/null") then
  print("1..0 # skip gcloud is not on PATH")
elseif arg[1] == "record" then
  record(arg[2])
else
  os.exit(check())
end
