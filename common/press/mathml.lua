-- Sets the formulas of pages right where browsers set what pandoc writes otherwise than TeX does; in place.
--
--     lua5.4 common/press/mathml.lua PAGE.html ...
--
-- 1. Chromium gives a bracket that may stretch the width of its largest size: only brackets around something high may,
--    and fractions in a line of text are not high.
-- 2. A minus without a term before it, as in "= -1", stands close to what follows.
-- 3. Names of functions have the thin spaces of TeX, and none before a bracket.
-- 4. A letter that pandoc takes for an operator is a letter, and the bar that it writes is one of the formulas' font.

local HIGH = { block = { mfrac = true, mtable = true, munder = true, munderover = true }, inline = { mtable = true } }
local LETTERS = { ['ℓ'] = true }
local TERM_FOLLOWS = {} -- behind these no term ends
for sign in ('= &lt; &gt; ≤ ≥ ≈ ≠ ← → ↦ ⇔ , ; : + − ⋅ × ± ∼ ∈'):gmatch('%S+') do
  TERM_FOLLOWS[sign] = true
end
local THIN = '0.167em'

-- A formula as its tags, each with the text behind it.
local function tags_of(formula)
  local tags = {}
  for tag, text in formula:gmatch('(<[^>]*>)([^<]*)') do
    tags[#tags + 1] = { tag = tag, text = text, name = tag:match('^</?(%a+)'), closes = tag:sub(2, 2) == '/' }
  end
  return tags
end

-- Brackets stretch around what is high alone. A bracket without a partner closes with its row.
local function set_brackets(tags)
  local high = HIGH[tags[1].tag:match('display="(%a+)"')]
  local open = {} -- brackets and, as false, rows that are open
  local function close(bracket, stretches)
    bracket.tag = bracket.tag:gsub('stretchy="true"', stretches and 'stretchy="true" lspace="0" rspace="0"' or 'stretchy="false"')
  end
  for _, t in ipairs(tags) do
    if high[t.name] and not t.closes then
      for _, bracket in ipairs(open) do
        if bracket then
          bracket.high = true
        end
      end
    elseif t.name == 'mrow' and not t.closes then
      open[#open + 1] = false
    elseif t.name == 'mrow' then
      for i = #open, 1, -1 do
        local bracket = table.remove(open)
        if not bracket then
          break
        end
        close(bracket, bracket.high)
      end
    elseif t.tag:find('stretchy="true" form="prefix"', 1, true) then
      open[#open + 1] = t
    elseif t.tag:find('stretchy="true" form="postfix"', 1, true) then
      local partner = open[#open] and table.remove(open)
      close(t, not partner or partner.high)
      if partner then
        close(partner, partner.high)
      end
    end
  end
end

local function set_operators(tags)
  for i, t in ipairs(tags) do
    if t.name == 'mo' and not t.closes then
      local before, behind = tags[i - 1], tags[i + 2]
      local sign = before.closes and before.name == 'mo' and tags[i - 2]
      local opens = sign and (sign.tag:find('form="prefix"', 1, true) or TERM_FOLLOWS[sign.text])
      if t.text == '−' and t.tag == '<mo>' and opens then
        t.tag = '<mo form="prefix">'
      elseif LETTERS[t.text] then
        t.tag, tags[i + 1].tag = '<mi>', '</mi>'
      elseif t.tag == '<mo>' and t.text:match('^%a%a+$') then
        local term = before.closes and not sign or sign and sign.tag:find('form="postfix"', 1, true)
        local follows = behind.name == 'mrow' and not behind.closes and tags[i + 3] or behind
        local bracket = follows.tag:find('form="prefix"', 1, true)
        t.tag = ('<mo lspace="%s" rspace="%s">'):format(term and THIN or '0', bracket and '0' or THIN)
      elseif t.tag:find('accent="true"', 1, true) and t.text == '‾' then
        t.text = '¯'
      end
    end
  end
end

for _, path in ipairs(arg) do
  local file = assert(io.open(path))
  local html = file:read('a')
  file:close()
  html = html:gsub('<math.-</math>', function(formula)
    local tags, out = tags_of(formula), {}
    set_brackets(tags)
    set_operators(tags)
    for _, t in ipairs(tags) do
      out[#out + 1] = t.tag .. t.text
    end
    return table.concat(out)
  end)
  file = assert(io.open(path, 'w'))
  file:write(html)
  file:close()
end
