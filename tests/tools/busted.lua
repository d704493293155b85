-- busted without its shell around it: the interpreter that runs the specs is the one that was started.
-- The last argument is the spec. Its syntax is looked at first, because busted's TAP dies of such an error.

local spec <const> = arg[#arg]
local _, problem = loadfile(spec)
if problem then
  print(("not ok 1 - %s compiles\n# %s\n1..1"):format(spec, problem))
  os.exit(1)
end

-- The leak check walks the memory of libraries that are loaded when the process ends, and may crash on those
-- that a closed state has unloaded: under a sanitizer, collect all there is and leave the state open.
if os.getenv("LD_PRELOAD") then
  local exit <const> = os.exit
  os.exit = function(code) -- luacheck: ignore 122
    collectgarbage()
    collectgarbage()
    exit(code, false)
  end
end

require "busted.runner"({ standalone = false })
