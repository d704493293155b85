-- Writes the list of what the interpreter binds late (late.c): of the shared object arg[1], which is linked
-- to everything, the functions that it takes from the libraries arg[2], arg[3]...

local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local text = pipe:read("a")
  assert(pipe:close(), command)
  return text:gmatch("[^\n]+")
end

-- Names of symbols, without their versions; `kinds` as nm has them: U is undefined, T, W and i are functions.
local function symbols(options, file, kinds)
  local names = {}
  for line in lines_of(("nm -D %s '%s'"):format(options, file)) do
    local kind, name = line:match("(%a) ([^@%s]+)")
    if kind and kinds:find(kind, 1, true) then
      names[#names + 1] = name
      names[name] = true
    end
  end
  return names
end

local wanted <const> = symbols("--undefined-only", arg[1], "U")
local files <const> = {}
for line in lines_of(("ldd '%s'"):format(arg[1])) do
  local soname, path = line:match("^%s*(%S+) => (/%S+)")
  if soname then
    files[soname:match("^lib(.-)%.so") or soname] = { soname = soname, path = path }
  end
end

for i = 2, #arg do
  local file = assert(files[arg[i]], "not linked: " .. arg[i])
  local offered = symbols("--defined-only", file.path, "TWi")
  for _, name in ipairs(wanted) do
    if offered[name] then
      print(('FUNCTION("%s", "%s")'):format(file.soname, name))
    end
  end
end
