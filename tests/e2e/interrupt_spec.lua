-- What Ctrl-C does: the first one cancels, the second one ends what computes without end.

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

-- Run `code`, and once it has said "ready" send it SIGINT `count` times, a little apart.
local function interrupt(code, count)
  local script = ([[
    out=$(mktemp); err=$(mktemp)
    %s -e '%s' > $out 2> $err & pid=$!
    for i in $(seq 500); do grep -q ready $out && break; sleep 0.01; done
    for i in $(seq %d); do kill -INT $pid 2>/dev/null; sleep 0.2; done
    ( sleep 10; kill -KILL $pid 2>/dev/null ) > /dev/null 2>&1 & guard=$!
    wait $pid; code=$?
    kill $guard 2>/dev/null
    cat $out $err; echo "code $code"; rm -f $out $err
  ]]):format(program, code, count)
  -- a shell's background jobs ignore SIGINT unless it has job control
  local pipe = assert(io.popen("bash -m -c '" .. script:gsub("'", "'\\''") .. "' 2>&1"))
  local output = pipe:read("a")
  pipe:close()
  return output
end

local ready <const> = [[io.stdout:write("ready\n") io.stdout:flush() ]]

describe("interrupt", function()
  it("ends a script that waits at once, and closes its variables", function()
    local output = interrupt(ready .. [[
      local c <close> = setmetatable({}, { __close = function() print("closed") end })
      require("mooncron.task").sleep(100)]], 1)
    assert.matches("ready\nclosed\n", output)
    assert.matches("code 130\n", output)
    assert.matches("interrupted", output)
  end)

  it("ends a script that computes without end, the second time", function()
    assert.matches("code 130\n", interrupt(ready .. "while true do end", 2))
  end)

  it("lets no script swallow it", function()
    local output = interrupt(ready .. [[
      local task = require("mooncron.task")
      for _ = 1, 3 do pcall(task.sleep, 100) end
      print("swallowed")
      task.sleep(100)]], 1)
    assert.matches("code 130\n", output)
  end)

  it("reports a deadlock instead of spinning", function()
    local output = interrupt(ready .. [[require("mooncron.task").event().wait()]], 0)
    assert.matches("deadlock", output)
    assert.matches("code 1\n", output)
  end)
end)
