---Job files: Lua that declares jobs. See `mooncron.code.words` for what a file can say.
---
---Loading is a function of the files, the arguments and the place: no clock, no environment. Every problem
---of every job is collected, each with the `file:line` of its declaration.

local err <const> = require "mooncron.err"
local names <const> = require "mooncron.api.name"
local rules <const> = require "mooncron.api.rules"
local sandbox <const> = require "mooncron.code.sandbox"
local sets <const> = require "mooncron.code.set"
local spelling <const> = require "mooncron.spelling"

local M = {}

---@class mooncron.code.Declared
---@field set string?
---@field parents string[] locations to look at: the client's own, those of the jobs, those of the set
---@field jobs mooncron.code.Job[] in the order of declaration
---@field files string[] all that were read

---@class mooncron.code.Job
---@field name string full
---@field job mooncron.Job canonical, with the set's mark
---@field where string "file:line"
---@field paused boolean? nil: as it is
---@field active mooncron.code.Active? the span in which it may exist
---@field exceptions mooncron.Exceptions? what its schedule does not say
---@field ignore table<string, true> lint rules that it does not mind

---@class mooncron.code.LoadOptions
---@field project string
---@field location string
---@field args table<string, string>? of the command line
---@field holds_exceptions boolean? what cron cannot say is kept beside the schedule, not refused
---@field read fun(path: string): string?, string? default: the file system; must not wait

local MAX_FILE <const> = 64 << 20

local function read_file(path)
  local file, why = io.open(path, "rb")
  if not file then
    return nil, why
  end
  local text
  text, why = file:read(MAX_FILE + 1)
  file:close()
  if why then
    return nil, ("%s: %s"):format(path, why) -- a folder
  elseif text and #text > MAX_FILE then
    return nil, ("%s: more than %d MB"):format(path, MAX_FILE >> 20)
  end
  return text or ""
end

---@class mooncron.code.Loading
local Loading = {}
Loading.__index = Loading

---The innermost line of a job file on the stack, "file:line", and the file.
---@return string where
---@return string? path
function Loading:here()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then
      return "?"
    elseif self.sources[info.source] and info.currentline > 0 then
      local path = info.source:sub(2)
      return path .. ":" .. info.currentline, path
    end
    level = level + 1
  end
end

---A message of Lua's with its file and line in full: it shortens long paths, and some have neither.
---@param text string
---@param where string what to put before one without a place
---@param path string
---@return string
function Loading:place(text, where, path)
  local prefix, line, rest = text:match("^([^\n:]+):(%d+): (.*)$")
  if prefix and self.sources["@" .. prefix] then
    return text
  elseif prefix and (prefix == path or prefix:find("^%.%.%.")) then
    return ("%s:%s: %s"):format(path, line, rest)
  end
  return where .. ": " .. text
end

---What was raised, as an error with its place.
function Loading:placed(failure)
  local where, path = self:here()
  if not err.is(failure) then
    local text = type(failure) == "string" and failure or "an error without a text"
    return err.new("INVALID_ARGUMENT", self:place(text, where, path or where))
  elseif not failure.placed then
    return err.new(failure.code, where .. ": " .. failure:line())
  end
  return failure
end

---Stop with an error of the file's.
function Loading:fail(message, ...)
  error(err.new("INVALID_ARGUMENT", self:here() .. ": " .. message:format(...), { placed = true }), 0)
end

---Note a problem and go on.
function Loading:report(where, text, code)
  self.problems[#self.problems + 1] = { where = where, text = text, code = code or "INVALID_ARGUMENT" }
end

---Read a file that a job file names, relative to it.
---@return string text
---@return string path
function Loading:read_beside(given)
  local _, from = self:here()
  if type(given) ~= "string" or given == "" then
    self:fail("a path is wanted, not %s", type(given))
  elseif given:sub(1, 1) == "/" then
    self:fail("path '%s': write it relative to the job file, so that the files can move together", given)
  end
  local path = (from:match("^(.*/)") or "") .. given
  local text, why = self.read(path)
  if not text then
    self:fail("cannot read %s", why or path)
  end
  self:note_file(path)
  return text, path
end

function Loading:note_file(path)
  if not self.seen_files[path] then
    self.seen_files[path] = true
    self.files[#self.files + 1] = path
  end
end

---Run a job file in a scope of defaults of its own.
---@return any what it returns
function Loading:run_file(text, path)
  if self.running[path] then
    self:fail("'%s' includes itself", path)
  end
  local chunk, e = sandbox.compile(text, path, self.env)
  if not chunk then
    error(err.new(e.code, self:place(e.message, path, path), { placed = true }), 0)
  end
  self.sources["@" .. path] = true
  self.running[path] = true
  local outer = self.defaults
  local result = chunk()
  self.defaults = outer
  self.running[path] = nil
  return result
end

-- ---- after all files ----

local function describe(job, problem_text)
  return ("job '%s': %s"):format(names.id(job.name), problem_text)
end

-- The set is known only at the end; its mark counts among the description's characters.
function Loading:mark_jobs()
  for _, declared in ipairs(self.jobs) do
    local job = declared.job
    local _, other = sets.detach(job.description)
    if other then
      self:report(declared.where, describe(job, ("the mark '%s' is put there by the set, leave it out")
        :format(sets.mark(other))))
    end
    job.description = sets.attach(job.description, self.set)
    local length = job.description and utf8.len(job.description) or 0
    if self.set and length > rules.max_description then
      local text = "description has %d characters with the set's mark, at most %d are allowed"
      self:report(declared.where, describe(job, text:format(length, rules.max_description)))
    end
  end
end

function Loading:check_args()
  local known = {}
  for name in pairs(self.known_args) do
    known[#known + 1] = name
  end
  table.sort(known)
  local given = {}
  for name in pairs(self.args) do
    given[#given + 1] = name
  end
  table.sort(given)
  for _, name in ipairs(given) do
    if not self.known_args[name] then
      local hint = spelling.hint(name, known)
      self:report("--arg " .. name, "no job file declares it with args" .. (hint and ", " .. hint or ""))
    end
  end
end

function Loading:check_pending()
  local places = {}
  for _, where in pairs(self.pending) do
    places[#places + 1] = where
  end
  table.sort(places)
  for _, where in ipairs(places) do
    self:report(where, "job \"ID\" wants its table: job \"ID\" { ... }")
  end
end

function Loading:parents()
  local seen, list = {}, {}
  local function add(parent)
    if parent and not seen[parent] then
      seen[parent] = true
      list[#list + 1] = parent
    end
  end
  add(names.format(self.project, self.location))
  for _, declared in ipairs(self.jobs) do
    add(names.parent(declared.name))
  end
  for _, parent in ipairs(self.set_locations) do
    add(parent)
  end
  table.sort(list)
  return list
end

local function error_of(problems)
  local lines = {}
  for i, p in ipairs(problems) do
    lines[i] = p.where .. ": " .. p.text
  end
  local more = #problems > 1 and (" (and %d more)"):format(#problems - 1) or ""
  return err.new(problems[1].code, lines[1] .. more, { lines = lines, problems = problems })
end

---Load job files as one declaration.
---@param paths string[]
---@param options mooncron.code.LoadOptions
---@return mooncron.code.Declared?
---@return mooncron.Err? err `lines` has every problem, each with its place
function M.load(paths, options)
  local words = require "mooncron.code.words"
  local self = setmetatable({
    project = options.project,
    location = options.location,
    args = options.args or {},
    holds_exceptions = options.holds_exceptions,
    read = options.read or read_file,
    known_args = {}, sources = {}, running = {}, pending = {}, seen_files = {},
    jobs = {}, by_name = {}, problems = {}, files = {}, set_locations = {}, defaults = {},
    checked = {},
  }, Loading)
  self.env = sandbox.environment(words.of(self))
  for _, path in ipairs(paths) do
    local text, why = self.read(path)
    if not text then
      return nil, err.new("NOT_FOUND", "cannot read job file " .. (why or path))
    end
    self:note_file(path)
    local ok, failure = sandbox.run(self.env, function()
      return self:run_file(text, path)
    end, function(failure)
      return self:placed(failure)
    end)
    if not ok then
      return nil, failure
    end
  end
  self:check_pending()
  self:mark_jobs()
  self:check_args()
  if self.problems[1] then
    return nil, error_of(self.problems)
  end
  return { set = self.set, parents = self:parents(), jobs = self.jobs, files = self.files }
end

---Load job text that is at hand, for tests and generated files.
---@param text string
---@param options mooncron.code.LoadOptions?
function M.load_text(text, options)
  options = options or {}
  return M.load({ "jobs.lua" }, {
    project = options.project or "p",
    location = options.location or "l",
    args = options.args,
    holds_exceptions = options.holds_exceptions,
    read = function(path)
      if path == "jobs.lua" then
        return text
      end
      return (options.read or read_file)(path)
    end,
  })
end

return M
