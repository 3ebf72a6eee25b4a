-- Writes what the search of the pages looks through, as a script that works from a folder, too:
--
--     lua5.4 common/press/search.lua WOVEN CHAPTER ... >search.js
--
-- An entry is a title, where it leads, and what it is: the sections of the texts, and every function and type that a
-- text shows, at the section that shows it.

package.path = arg[0]:match('^(.-)[^/]*$') .. '?.lua;' .. package.path
local sections = require 'sections'

local woven, entries, seen = arg[1], {}, {}

local function quoted(text)
  return '"' .. text:gsub('[\\"]', '\\%0'):gsub('\t', ' ') .. '"'
end

local function add(title, url, kind)
  if not seen[title .. url] then
    seen[title .. url] = true
    entries[#entries + 1] = ('[%s,%s,%s]'):format(quoted(title), quoted(url), quoted(kind))
  end
end

local lines_of = {}
local function lines(path)
  if not lines_of[path] then
    local all = {}
    for line in io.lines(path) do
      all[#all + 1] = line
    end
    lines_of[path] = all
  end
  return lines_of[path]
end

-- The name that a line of C defines, where it begins one: `rnn_lm_forward(`, `} rnn_lm;`, `#define X`.
local function defined(line)
  return line:match('^([%a_][%w_]*)%(') or line:match('^} ([%a_][%w_]*);') or line:match('^#define ([%a_][%w_]*)')
end

for i = 2, #arg do
  local page = arg[i]
  local chapter
  for _, section in ipairs(sections.of(woven .. '/' .. page .. '.md')) do
    if section.level == 1 then
      chapter = section.title
      add(chapter, page .. '.html', 'chapter')
    else
      add(section.title, page .. '.html#' .. section.id, chapter)
    end
    for _, at in ipairs(section.shown) do
      for n = at.first, at.last do
        local name = defined(lines(at.path)[n] or '')
        if name then
          add(name, page .. '.html#' .. section.id, at.path)
        end
      end
    end
  end
end
io.write('var searched = [\n', table.concat(entries, ',\n'), '\n];\n')
