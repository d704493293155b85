-- busted without its shell around it: the interpreter that runs the specs is the one that was started.
-- The last argument is the spec. Its syntax is looked at first, because busted's TAP dies of such an error.

local spec <const> = arg[#arg]
local _, problem = loadfile(spec)
if problem then
  print(("not ok 1 - %s compiles\n# %s\n1..1"):format(spec, problem))
  os.exit(1)
end
require "busted.runner"({ standalone = false })
