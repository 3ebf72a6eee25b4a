-- Where the woven texts show what: for the ways from a source to the text that explains it, and for the search.
--
--     for section in sections(path) do    section.title, .id (as pandoc makes it of a GitHub text), .level, and
--                                         .shown, a list of { path, first, last } of the lines that it shows

local sections = {}

-- Marks of Markdown away.
local function plain(title)
  return (title:gsub('%[([^%]]*)%]%b()', '%1'):gsub('[`*]', ''):gsub('%$', ''))
end

-- The identifier of a heading: small letters, digits, - and _ stay, blanks become -.
local function identifier(title)
  return (plain(title):lower():gsub('[^%w%s_\128-\255-]', ''):gsub('%s', '-'))
end

function sections.of(path)
  local found, fence, seen = {}, nil, {}
  for line in io.lines(path) do
    local mark = line:match('^%s*(```+)')
    if mark and not fence then
      fence = mark
      for source, first, last in (line:match('source="([^"]*)"') or ''):gmatch('(%S+):(%d+)-(%d+)') do
        table.insert(found[#found].shown, { path = source, first = tonumber(first), last = tonumber(last) })
      end
    elseif mark and #mark >= #fence then
      fence = nil
    elseif not fence then
      local level, title = line:match('^(#+) +(.-)%s*$')
      if level then
        local id = identifier(title)
        seen[id] = (seen[id] or -1) + 1
        found[#found + 1] = {
          title = plain(title), level = #level, shown = {}, id = seen[id] > 0 and id .. '-' .. seen[id] or id,
        }
      end
    end
  end
  return found
end

return sections
