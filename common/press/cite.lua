-- Makes the citations in a text's words links to the list of sources.
--
--     cite(inlines, list, path)    the inlines with links; `list` is what sources.read gives, `path` leads to its text
--
-- A link's title is the whole source, which a browser shows where the pointer rests.

local sources = require 'sources'

local function is_word(inline)
  return inline and (inline.t == 'Str' or inline.t == 'Space' or inline.t == 'SoftBreak')
end

-- The citations in the words inlines[first] to inlines[last]; and at which byte of their text each word begins, the one
-- behind the last included.
local function cited(inlines, first, last, list)
  local text, at = {}, {}
  local length = 0
  for i = first, last do
    at[i], text[#text + 1] = length + 1, inlines[i].t == 'Str' and inlines[i].text or ' '
    length = length + #text[#text]
  end
  at[last + 1] = length + 1
  local found = pandoc.List(sources.cited(table.concat(text), list)):filter(function(citation)
    return citation.source
  end)
  return found, at
end

local function link_to(source, words, path)
  local whole = pandoc.utils.stringify(pandoc.read(source.text, 'gfm').blocks)
  return pandoc.Link(words, path .. '#' .. source.id, whole, { class = 'citation' })
end

-- The words of inlines[first] to inlines[last], cut where a citation begins or ends in a word.
local function linked(inlines, first, last, list, path)
  local out, inside = pandoc.List(), pandoc.List() -- what is done, and the words of the citation at work
  local citations, at = cited(inlines, first, last, list)
  for i = first, last do
    local from = at[i]
    while from < at[i + 1] do
      local citation = citations[1]
      local is_inside = citation and from >= citation.first
      local to = at[i + 1] - 1
      if citation then
        to = math.min(to, is_inside and citation.last or citation.first - 1)
      end
      local word = inlines[i].t == 'Str' and pandoc.Str(inlines[i].text:sub(from - at[i] + 1, to - at[i] + 1)) or inlines[i]
      if is_inside then
        inside:insert(word)
      else
        out:insert(word)
      end
      if is_inside and to == citation.last then
        out:insert(link_to(citation.source, inside, path))
        inside = pandoc.List()
        citations:remove(1)
      end
      from = to + 1
    end
  end
  return out
end

return function(inlines, list, path)
  local out, i = pandoc.List(), 1
  while i <= #inlines do
    local last = i
    while is_word(inlines[i]) and is_word(inlines[last + 1]) do
      last = last + 1
    end
    out:extend(is_word(inlines[i]) and linked(inlines, i, last, list, path) or { inlines[i] })
    i = last + 1
  end
  return out
end
