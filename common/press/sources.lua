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

-- Where the words of `form` begin that end at byte `last` of the text, a capital first letter aside; or nil.
local function begin_of(text, last, form)
  local first = last - #form + 1
  local at = text:sub(math.max(first, 1), last)
  local same = at:sub(1, 1):lower() == form:sub(1, 1):lower() and at:sub(2) == form:sub(2)
  return first >= 1 and same and not text:sub(first - 1, first - 1):match('[%w\128-\255]') and first or nil
end

-- The year of a citation that stands at `first` to `last`: the letter behind it, where the whole ends, and where the
-- names before it would end.
local function year_of(text, first, last)
  local letter = text:match('^ %((%l)%)', last + 1)
  local ends = letter and last + 4 or last
  if not letter then
    letter = text:match('^%l?', last + 1)
    ends = last + #letter
  end
  local opened = text:sub(1, first - 1):match(' %($')
  if opened and text:sub(ends + 1, ends + 1) == ')' then
    ends = ends + 1
  end
  return letter, ends, first - (opened and 3 or 2)
end

-- The sources that a citation may mean, each with the form that fits and where the citation begins; `before` is the
-- citation before, whose names also this year has in "Author 2020, 2021".
local function fitting(text, list, year, first, before)
  local letter, _, names_end = year_of(text, first, first + 3)
  local found = {}
  for _, source in ipairs(list) do
    for _, form in ipairs(source.year == year and (letter == '' or letter == source.letter) and source.forms or {}) do
      local begin = begin_of(text, names_end, form)
      if not begin and before and before.form == form and text:sub(before.last + 1, first - 1):match('^,? ?a?n?d? $') then
        begin = first
      end
      if begin then
        found[#found + 1] = { source = source, form = form, first = begin }
        break
      end
    end
  end
  return found
end

-- Whether what stands before a year that fits no source looks like names: "Author 2020", "Author et al. (2020)", and not
-- "VOC 2007", "June 2023" or "Figure 1024".
local function looks_cited(text, year, first)
  local _, _, names_end = year_of(text, first, first + 3)
  local names, between = text:sub(1, math.max(names_end, 0)), text:sub(names_end + 1, first - 1)
  local word = names:match('([%a\128-\255]+)%.?$') or ''
  local is_name = word:match('^%u.*%l$') and not MONTHS[word] or names:match('et al%.$')
  return is_name and between:match('^ %(?$') and tonumber(year) > 1900 and tonumber(year) < 2048 and
    not text:match('^[%d.-]', first + 4)
end

function sources.cited(text, list)
  local found = {}
  for first, year in text:gmatch('()%f[%w](%d%d%d%d)') do
    local _, last = year_of(text, first, first + 3)
    local fits = fitting(text, list, year, first, found[#found])
    if #fits == 1 then
      found[#found + 1] = { first = fits[1].first, last = last, source = fits[1].source, form = fits[1].form }
    elseif #fits > 1 then
      found[#found + 1] = { first = first, last = last, problem = #fits .. ' sources fit; expected a letter behind the year' }
    elseif looks_cited(text, year, first) then
      found[#found + 1] = { first = first, last = last, problem = 'no source has these authors and this year' }
    end
  end
  return found
end

return sources
