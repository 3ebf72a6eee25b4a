"""Each check is seen to fail: a small page without a finding, and copies of it with one defect each."""
import hashlib
import pathlib
import shutil
import struct
import tempfile

import browser as b

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="stylesheet" href="book.css">
</head>
<body>
<header><a href="index.html">Front</a> <a href="#contents">Contents</a></header>
<main>
<h1>A page</h1>
<p>A text, a <a href="index.html#part">link</a> and <a href="https://example.org/">one outside</a>.</p>
<h2 id="part">A part</h2>
<p>Inline <math><mi>x</mi><mtext>in words</mtext></math> and <code>code</code>.</p>
<figure><img src="figure.svg" alt="A figure"><figcaption>Its caption.</figcaption></figure>
<pre><code><span class="co">// A line of code that is wider than a phone and wider than a sheet of paper: it scrolls in its own box, and wraps on paper.</span></code></pre>
<div class="table"><table><tbody><tr><td>a</td><td>1</td></tr></tbody></table></div>
<details><summary>More</summary><p>What is inside.</p></details>
<footer></footer>
</main>
<nav id="contents"><p><a href="index.html" aria-current="page">Front</a></p><ol></ol></nav>
</body>
</html>
"""
FIGURE = """<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100" viewBox="0 0 400 100" font-size="13">
<title>Two words</title>
<text x="2" y="50">a</text><text x="60" y="50" fill="#966700">b</text></svg>
"""

FORMULA = "<math><mi>x</mi><mtext>in words</mtext></math>"

# What is put in for what, and what the finding says.
DEFECTS = [
    ('figure.svg"', 'none.svg"', "none.svg is not shown"),
    ('alt="A figure"', 'alt=""', "has no alt text"),
    ("<figcaption>Its caption.</figcaption>", "", "has no caption"),
    ("#part", "#parts", 'no id "parts"'),
    ('href="index.html#part"', 'href="nowhere.html"', 'there is no file "nowhere.html"'),
    ('href="index.html#part"', 'href="../../etc/passwd"', 'there is no file "../../etc/passwd" in the book'),
    ("https://example.org/", "http:/example", "expected an address https://"),
    (">link</a>", "></a>", "has no text"),
    ("<p>A text", '<p style="color: #999">A text', "light: main > p \"A text, a link and one outside.\": contrast 2.78"),
    ("<p>A text", '<p style="color: #333">A text', "dark: main > p"),
    ("<p>A text", '<p style="opacity: 0.5">A text', "contrast"),
    ('class="co"', 'class="co" style="color: #aaa"', "contrast"),
    ("<p>A text", '<p style="width: 600px">A text', "360 px: main > p"),
    ("<table>", '<table style="width: 1500px">', 'tr > td "a": ends at'),
    ("<pre>", '<pre style="overflow: hidden">', "is cut; expected overflow-x"),
    ("<p>A text", '<p style="height: 0.5em">A text', "px is cut"),
    ("<pre>", '<pre style="white-space: pre">', "is cut on paper"),
    ("<p>A text", '<p style="font-size: 12px">A text', "text of 12 px"),
    ("<code>code", '<code style="font-size: 10px">code', "code of 10 px"),
    ("<p>A text", f"<pre>{'x' * 130}</pre><p>A text", "code of 130 columns"),
    ("<p>A text", "<pre>" + "x\n" * 400 + "</pre><p>A text", "% of the height; expected 40% at most"),
    ("<p>A text", '<img src="noise.bmp" alt="Noise" width="20"><p>A text', "kB with all that it loads; expected 250 at most"),
    ("<p>A text", '<pre style="width: 9em !important"><code><span>x = the_name-&gt;of_it;</span></code></pre><p>A text',
     '"the_name->of_it" of the code is broken'),
    ("<p>A text", "<script>x.y</script><p>A text", "exception"),
    ("<p>A text", "<script>console.log('hello')</script><p>A text", "console: hello"),
    ("<p>A text", "<script></script><p>A text", "a script in the page; expected page.js alone"),
    ('href="book.css"', 'href="books.css"', "a file of type Stylesheet did not load"),
    ("figure.svg", "https://localhost:1/figure.svg", "asks for https://localhost:1/figure.svg"),
    (FORMULA, '<math><mo form="prefix" stretchy="true">(</mo><mi>x</mi><mo form="postfix" stretchy="true">)</mo></math>', "a bracket with spaces"),
    (FORMULA, "<math><mo>tanh</mo><mi>x</mi></math>", "a function with the spaces of an operator"),
    (FORMULA, "<math><mi>x</mi><mo>=</mo><mo>−</mo><mn>1</mn></math>", "a sign with the spaces of a difference"),
    (FORMULA, "<math></math>", "the formula has no size"),
    (FORMULA, '<span class="math inline">x</span>', "TeX that was not converted"),
    (FORMULA, "$x$", '"$" is left of a formula'),
    (FORMULA, "\\alpha", '"\\alpha" is left of a formula'),
    (FORMULA, '<math><mtable><mtr><mtd><mtext style="white-space: normal">' + "words and words " * 9 + '</mtext></mtd></mtr></mtable></math>',
     "words of a formula, "),
    ("<mi>x</mi>", "<mi>\u0436</mi>", "the formulas' font has no '\\u0436'"),
    ("<h1>A page</h1>", "<p>A page</p>", "0 headings h1"),
    ("<h2", "<h3", "follows h1; expected h2"),
    ("<p>Inline", '<p id="part">Inline', "the id stands twice"),
    ('lang="en"', "", "html has no lang"),
    ("<title>A page</title>", "<title></title>", "no title"),
    ('<p><a href="index.html" aria-current="page">Front</a></p>', "", "front: nothing; expected index.html"),
    ("<ol></ol>", '<ol><li><a href="page.html">A</a></li></ol>', "contents: page.html; expected nothing"),
    ("<footer>", '<footer style="display: block !important">', "stands on paper"),
    ("</details>", '</details><style>@media print { ::details-content { content-visibility: hidden !important } }</style>', "is closed on paper"),
]

FIGURES = [
    ("Two words", "Gnuplot", 'the titles "Gnuplot"'),
    ("<title>Two words</title>", "", "the titles ; expected one"),
    ('x="60"', 'x="395"', '"b" leaves the picture'),
    ('x="60"', 'x="2"', '"b" stands on "a"'),
    ('fill="#966700"', 'fill="#e69f00"', "contrast 2.25 of #e69f00 on white"),
    ('font-size="13"', 'font-size="9"', "9 px; expected 10"),
]
if shutil.which("rsvg-convert"):
    FIGURES.append(('<text x="2"', '<circle id="p" r="1"/><use href="#p" transform="scale(0.00)"/><text x="2"', "librsvg: "))


def noise(side):
    """A picture of side x side points that no compression makes smaller."""
    size = 3 * side * side
    points = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(size // 32 + 1))[:size]
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54 + size, 0, 0, 54, 40, side, side, 1, 24, 0, size, 0, 0, 0, 0) + points


def main(browser):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        shutil.copy(b.HERE.parent.parent / "common/press/book.css", folder)
        shutil.copy(b.HERE.parent.parent / "common/press/math.woff2", folder)
        (folder / "figure.svg").write_text(FIGURE)
        (folder / "noise.bmp").write_bytes(noise(300))
        (folder / "index.html").write_text(PAGE)
        for i, (right, wrong, _) in enumerate(DEFECTS):
            assert right in PAGE, right
            (folder / f"{i}.html").write_text(PAGE.replace(right, wrong))
        for i, (right, wrong, _) in enumerate(FIGURES):
            assert right in FIGURE, right
            (folder / f"{i}.svg").write_text(FIGURE.replace(right, wrong))
        book = b.Book(folder, say=lambda line: None)
        book.check(browser)
    failed = [f"a right page has a finding: {f}" for f in book.findings if f.startswith(("index.html", "figure.svg"))]
    put_in = [(f"{i}.html", *d[1:]) for i, d in enumerate(DEFECTS)] + [(f"{i}.svg", *d[1:]) for i, d in enumerate(FIGURES)]
    for name, wrong, finding in put_in:
        mine = [f for f in book.findings if f.startswith(name)]
        if not any(finding in f for f in mine):
            failed.append(f'{wrong}: expected the finding "{finding}", got {mine or "none"}')
    print(*failed, sep="\n", end="\n" if failed else "")
    print(f"{len(put_in)} defects, " + (f"{len(failed)} wrongly judged" if failed else "each of them found"))
    return 1 if failed else 0
