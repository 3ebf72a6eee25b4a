-- The sources of a text and where it cites them: for the links of the pages, and for the check of the texts.
--
--     sources.read(lines)        the items of the list below "## Sources": .text, .line, its number, .id; and where it has
--                                authors and a year .year, .letter ("a" of "2022 (a)"), .forms, how a citation names
--                                the authors, .name, the first, .is_person, whether that has initials
--     sources.cited(text, list)  the citations in a text, in order: .first, .last, the bytes of it, .source, or
--                                .problem where it looks like a citation and no source, or more than one, fits
--
-- An item is "- A. Author, B. van Other: Title, 2020. What was used of it." A citation is its authors and its year:
-- "Author and van Other 2020" or "Author and van Other (2020)"; more than two may be "Author et al.", and several works
-- of one name are "Author et al. 2020, 2021". Of two of one name and year the letter decides: "2022 (a)", "2022a".

local sources = {}

local MONTHS = {}
for month in ('January February March April May June July August September October November December'):gmatch('%a+') do
  MONTHS[month] = true
end

-- The surnames of "A. B. Author, C. van Other", and whether others are left unnamed.
local function surnames(authors)
  local names, others = {}, 0
  authors, others = authors:gsub(' et al%.?$', ''):gsub(' and others$', '')
  local unnamed = others > 0
  for author in (authors .. ','):gmatch('%s*([^,]+),') do
    local name = {}
    for word in author:gmatch('%S+') do
      if not word:match('%.$') then -- an initial
        name[#name + 1] = word
      end
    end
    names[#names + 1] = table.concat(name, ' ')
  end
  return names, unnamed
end

-- How a citation may name them.
local function forms_of(names, unnamed)
  local forms = {}
  if not unnamed and #names == 1 then
    forms[1] = names[1]
  elseif not unnamed then
    forms[1] = table.concat(names, ', ', 1, #names - 1) .. ' and ' .. names[#names]
  end
  if unnamed or #names > 2 then
    forms[#forms + 1] = names[1] .. ' et al.'
  end
  return forms
end

-- Letters and digits, small: ë and the like stay.
local function identifier(name)
  return (name:lower():gsub('[^%w\128-\255]+', '-'))
end

function sources.read(lines)
  local list, inside, seen = {}, false, {}
  for number, line in ipairs(lines) do
    if line:match('^## ') then
      inside = line:match('^## Sources%s*$') ~= nil
    elseif inside and line:match('^%- ') then
      list[#list + 1] = { text = line:sub(3), line = number }
    elseif inside and line:match('^  %S') and #list > 0 then
      list[#list].text = list[#list].text .. line:sub(2)
    end
  end
  for i, source in ipairs(list) do
    local plain = source.text:gsub('%[([^%]]*)%]%b()', '%1')
    local authors, title = plain:match('^([^:`]+): (.*)$')
    -- Without what else stands in an item: a year is followed by a full stop, or by what the item adds to it.
    local year, letter = (title or ''):match(',[%a ]* (%d%d%d%d) ?%(?(%l?)%)?%f[^%w%)]')
    source.forms = {}
    if year then
      local names, unnamed = surnames(authors:gsub(' et al%.', ' et al'))
      source.year, source.letter = year, letter
      source.forms = forms_of(names, authors:match(' et al%.?$') ~= nil or unnamed)
      source.name, source.is_person = names[1], authors:match('^%u%S*%. ') ~= nil
    end
    source.id = identifier(source.name and source.name .. '-' .. source.year .. source.letter or 'source-' .. i)
    seen[source.id] = (seen[source.id] or 0) + 1
    if seen[source.id] > 1 then
      source.id = source.id .. '-' .. seen[source.id]
    end
  end
  return list
end

-- Whether `text` up to `last` ends with `form` as whole words, a small first letter aside; and where it begins.
local function ends_with(text, last, form)
  local first = last - #form + 1
  local at = text:sub(math.max(first, 1), last)
  local same = at == form or at:sub(1, 1):lower() == form:sub(1, 1):lower() and at:sub(2) == form:sub(2)
  return first >= 1 and same and not text:sub(first - 1, first - 1):match('[%w\128-\255]') and first
end

function sources.cited(text, list)
  local found = {}
  for at, year, after in text:gmatch('()%f[%w](%d%d%d%d)()') do
    local last, letter = after - 1, text:match('^%l?', after)
    local likely = tonumber(year) > 1900 and tonumber(year) < 2048
    local opened = text:sub(1, at - 1):match(' %($')
    local names_end = at - (opened and 3 or 2) -- the last byte of the names
    local fitting, before = {}, found[#found]
    if text:match('^ %(%l%)', after) then
      letter, last = text:sub(after + 2, after + 2), after + 3
    elseif letter ~= '' then
      last = after
    end
    if opened and text:sub(last + 1, last + 1) == ')' then
      last = last + 1
    end
    local first
    for _, source in ipairs(list) do
      if source.year == year and (letter == '' or letter == source.letter) then
        for _, form in ipairs(source.forms) do
          local begin = ends_with(text, names_end, form)
          if begin then
            fitting[#fitting + 1], first = source, math.min(begin, first or begin)
          elseif before and before.source and before.form == form and text:sub(before.last + 1, at - 1):match('^,? ?a?n?d? $') then
            fitting[#fitting + 1], first = source, at
          end
          if begin or fitting[#fitting] == source then
            fitting.form = form
            break
          end
        end
      end
    end
    local word = text:sub(1, names_end):match('([%a\128-\255]+)%.?$')
    local joined = names_end >= 1 and text:sub(names_end + 1, at - 1):match('^ %(?$')
    if #fitting == 1 then
      found[#found + 1] = { first = first, last = last, source = fitting[1], form = fitting.form }
    elseif #fitting > 1 then
      found[#found + 1] = { first = at, last = last, problem = ('%d sources fit; expected a letter behind the year'):format(#fitting) }
    elseif likely and word and joined and not text:sub(after):match('^[%d.-]') and
        (word:match('^%u.*%l$') and not MONTHS[word] or text:sub(1, names_end):match('et al%.$')) then
      found[#found + 1] = { first = at, last = last, problem = 'no source has these authors and this year' }
    end
  end
  return found
end

return sources
