"""Opens every page of the book in Chromium and checks what a reader would see; checks the EPUB, too.

    browser.py FOLDER      the book, as `make book` writes it
    browser.py --defects   that each check finds the defect it is for, in a page that has it

A page loads without an error and asks for nothing outside the book. Its images, links, headings and formulas are
right (page.js), the words in its figures, too; it fits a phone, a tablet and two desktops, its formulas have letters in the book's own font, its contrast is enough, light and dark, and nothing is cut on
paper; what takes room (code, a page's weight) stays below a bound. The browser is driven by the DevTools protocol through a pipe; no library is needed. Status 1 where there is a finding.
"""
import fcntl
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

HERE = pathlib.Path(__file__).parent
WIDTHS = 360, 768, 1280, 1920  # a phone, a tablet, two desktops
PAPER = 642  # A4 with margins of 2 cm
DESKTOP, BAR = 1280, 15  # from this width on code does not scroll sideways; a window has a bar beside the page
COLUMNS = 124  # of the longest line of code that a text shows
TEXT, CODE = 15, 13  # the smallest on a phone, in px
SHARE = 0.4  # of a page's height that unfolded code may take
WEIGHT = 250_000  # bytes of a page with all that it loads, each file compressed


class Browser:
    """One headless Chromium with one page open."""

    def __init__(self):
        program = shutil.which("chromium") or shutil.which("google-chrome")
        self.profile = tempfile.mkdtemp(prefix="line-by-line-")
        theirs, self.write = map(high, os.pipe())
        self.read, ours = map(high, os.pipe())
        self.process = os.posix_spawn(
            program,
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
             "--disable-background-networking", "--hide-scrollbars", f"--user-data-dir={self.profile}", "about:blank"],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_DUP2, theirs, 3),
                          (os.POSIX_SPAWN_DUP2, ours, 4)],
            setpgroup=0)
        os.close(theirs)
        os.close(ours)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")

    def close(self):
        os.killpg(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self):
        while b"\0" not in self.rest:
            got = os.read(self.read, 1 << 20)
            if not got:
                sys.exit("the browser ended")
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            sys.exit(f"{expression}: {result['exceptionDetails']['exception'].get('description')}")
        return result["result"].get("value")

    def look(self, width, theme, media="", mobile=None):
        mobile = width < 500 if mobile is None else mobile
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": theme}])

    def open(self, url):
        self.events = []
        failed = self.call("Page.navigate", url=url).get("errorText")
        while not failed and not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())
        self.evaluate((HERE / "page.js").read_text())
        return failed


def high(descriptor):
    """The same descriptor at a number that the browser's own 3 and 4 do not meet."""
    other = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return other


def loading(events, root):
    """What went wrong while a page was loading."""
    for e in events:
        method, p = e["method"], e["params"]
        if method == "Network.requestWillBeSent" and not p["request"]["url"].startswith((root, "data:")):
            yield f"asks for {p['request']['url']}; expected nothing from outside the book"
        elif method == "Network.loadingFailed":
            yield f"a file of type {p['type']} did not load: {p['errorText']}"
        elif method == "Runtime.exceptionThrown":
            yield "exception: " + p["exceptionDetails"]["text"]
        elif method == "Runtime.consoleAPICalled":
            yield "console: " + " ".join(str(a.get("value", a.get("description"))) for a in p["args"])
        elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            yield f"{p['entry']['level']}: {p['entry']['text']} {p['entry'].get('url', '')}"


def weight(events):
    """The bytes of all files that a page asked for, each as small as a server would send it."""
    urls = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    paths = [urllib.parse.unquote(urllib.parse.urlsplit(url).path) for url in urls if url.startswith("file:")]
    files = [pathlib.Path(path).read_bytes() for path in paths if os.path.isfile(path)]
    return sum(min(len(data), len(gzip.compress(data, mtime=0))) for data in files)


def font_characters():
    """Those that common/press/math.woff2 has, by the list that it was made with."""
    has = set("\u200b")
    for line in (HERE / "../../common/press/math-characters.txt").read_text().splitlines():
        for part in line.split(",") if not line.startswith("#") else ():
            first, _, last = part.partition("-")
            has.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return has


class Book:
    """The pages of a folder and what is found on them."""

    def __init__(self, folder, say=lambda line: print(line, flush=True)):
        self.folder, self.say = pathlib.Path(folder).resolve(), say
        self.pages = sorted(self.folder.rglob("*.html"), key=lambda page: (len(page.parts), page))
        self.figures = sorted(self.folder.rglob("*.svg"))
        self.ids, self.links, self.ways, self.weights, self.paints = {}, {}, {}, {}, {}
        self.characters = font_characters()
        self.findings, self.counts = [], {"links": 0, "images": 0, "formulas": 0}

    def name(self, page):
        return str(page.relative_to(self.folder))

    def found(self, page, messages, where=""):
        for message in messages:
            self.findings.append(f"{self.name(page)}{where}: {message}")

    def visit(self, browser, page):
        """All that one page shows by itself. A program's first line is marked, as behind a link to it."""
        before = len(self.findings)
        browser.look(WIDTHS[0], "light")
        failed = browser.open(page.as_uri() + ("#L-1" if page.parent != self.folder else ""))
        structure = browser.evaluate("check.structure()")
        self.found(page, [failed] if failed else [])
        self.found(page, loading(browser.events, self.folder.as_uri() + "/"))
        self.found(page, structure)
        self.weights[page] = weight(browser.events)
        self.paints[page] = browser.evaluate("Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)")
        if self.weights[page] > WEIGHT:
            self.found(page, [f"{self.weights[page] // 1000} kB with all that it loads; expected {WEIGHT // 1000} at most"])
        missing = set(browser.evaluate("check.characters()")) - self.characters - set("\n\t ")
        self.found(page, [f"the formulas' font has no {c!a}; expected it in common/press/math-characters.txt" for c in sorted(missing)])
        self.found(page, browser.evaluate(f"check.size({TEXT}, {CODE})"), f", {WIDTHS[0]} px")
        for width in WIDTHS:
            browser.look(width, "light")
            self.found(page, browser.evaluate(f"check.width({width})"), f", {width} px")
        browser.look(DESKTOP - BAR, "light")
        self.found(page, browser.evaluate(f"check.code_fits({COLUMNS})"), f", {DESKTOP} px")
        share = browser.evaluate("check.code_share()")
        if page.parent == self.folder:
            if share > SHARE:
                self.found(page, [f"code is {share:.0%} of the height; expected {SHARE:.0%} at most, and what is no method folded"])
        for theme in "light", "dark":
            browser.look(WIDTHS[2], theme)
            self.found(page, browser.evaluate("check.contrast()"), ", " + theme)
        browser.look(PAPER, "light", "print")
        self.found(page, browser.evaluate(f"check.paper({PAPER})"), ", print")

        self.ids[page] = set(browser.evaluate("check.ids()"))
        self.links[page] = browser.evaluate("check.links()")
        self.ways[page] = {way: browser.evaluate(f"check.hrefs('{selector}')") for way, selector in
                           {"contents": "nav > ol > li > a", "current": "nav a[aria-current]", "front": "nav > p:first-of-type > a",
                            "previous": "footer a[rel=prev]", "next": "footer a[rel=next]"}.items()}
        counts = browser.evaluate("check.counts()")
        for what in self.counts:
            self.counts[what] += counts[what]
        found = len(self.findings) - before
        self.say(f"{self.name(page)}: {counts['links']} links, {counts['images']} images, {counts['formulas']} formulas, {share:.0%} code"
              + (f": {found} findings" if found else ""))

    def check_links(self, page):
        for address, text in self.links[page]:
            parts = urllib.parse.urlsplit(address)
            if not text:
                self.found(page, [f"link to {address} has no text"])
            if parts.scheme == "file":  # what a script of the page has put there
                if not (self.folder / "live" / pathlib.Path(urllib.parse.unquote(parts.path)).name).is_file():
                    self.found(page, [f'dead link "{text}": {address}'])
                continue
            if parts.scheme:
                if parts.scheme not in ("https", "mailto") or parts.scheme == "https" and "." not in parts.netloc or " " in address:
                    self.found(page, [f'link "{text}": {address}; expected an address https://...'])
                continue
            target = page.parent / urllib.parse.unquote(parts.path) if parts.path else page
            target = pathlib.Path(os.path.normpath(target))
            fragment = urllib.parse.unquote(parts.fragment)
            if not address or not target.is_file() or self.folder not in target.parents:
                self.found(page, [f'dead link "{text}": there is no file "{parts.path}" in the book'])
            elif fragment and fragment not in self.ids.get(target, ()):
                self.found(page, [f'dead link "{text}": no id "{fragment}" in {self.name(target)}'])

    def check_ways(self, page):
        """Every page has the contents, and a chapter the way to the one before and behind it."""
        order = ["index.html"] + self.ways[self.folder / "index.html"]["contents"]
        here, ways = self.name(page), self.ways[page]
        root = "../" * here.count("/")
        expected = {"contents": [root + url for url in order[1:]], "front": [root + order[0]]}
        if here in order:
            at = order.index(here)
            expected |= {"previous": order[max(at - 1, 0):at], "next": order[at + 1:at + 2], "current": [here]}
        for way, links in expected.items():
            if ways[way] != links:
                self.found(page, [f"{way}: {' '.join(ways[way]) or 'nothing'}; expected {' '.join(links) or 'nothing'}"])

    def check(self, browser):
        for page in self.pages:
            self.visit(browser, page)
        browser.look(WIDTHS[2], "light")
        for figure in self.figures:
            browser.open(figure.as_uri())
            self.found(figure, loading(browser.events, self.folder.as_uri() + "/"))
            self.found(figure, browser.evaluate("check.figure()"))
            self.found(figure, drawable(figure))
        for page in self.pages:
            self.check_links(page)
            self.check_ways(page)


def drawable(figure):
    """What librsvg, which viewers and e-readers draw with, says against it; nothing where rsvg-convert is not installed."""
    if shutil.which("rsvg-convert"):
        said = subprocess.run(["rsvg-convert", figure], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if said.returncode or said.stderr:
            yield f"librsvg: {said.stderr.strip()[:100]}"


def epub_in(browser, epub):
    """What a reader with a narrow screen would see of the EPUB's code."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(epub) as archive:
        archive.extractall(folder)
        browser.look(WIDTHS[0], "light", mobile=False)  # which would lay a text without <meta name="viewport"> out for 980 px
        for text in sorted(pathlib.Path(folder).rglob("ch*.xhtml")):
            failed = browser.open(text.as_uri())
            yield from [f"{text.name}: {finding}" for finding in ([failed] if failed else browser.evaluate("check.broken_names()"))]


def start_epubcheck(epub):
    """Debian's epubcheck is a Java archive, which not every system starts by itself."""
    program = os.path.realpath(shutil.which("epubcheck"))
    with open(program, "rb") as f:
        java = ["java", "-jar"] if f.read(2) == b"PK" else []
    return subprocess.Popen([*java, program, "-q", epub], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def epub_findings(epub, epubcheck):
    """No message of epubcheck; a title, language, author and cover; small enough to be sent by mail."""
    said = epubcheck.communicate()[0].strip()
    yield from said.splitlines() or (["epubcheck failed"] if epubcheck.returncode else [])
    with zipfile.ZipFile(epub) as archive:
        package = archive.read("EPUB/content.opf").decode()
    for what in "<dc:title", "<dc:language", "<dc:creator", "<dc:identifier", 'properties="cover-image"':
        if what not in package:
            yield f"content.opf has no {what}"
    size = os.path.getsize(epub)
    if size > 10e6:
        yield f"{size / 1e6:.1f} MB; expected 10 at most"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    browser = Browser()
    try:
        if sys.argv[1] == "--defects":
            sys.dont_write_bytecode = True  # the checkout stays clean
            import defects
            sys.exit(defects.main(browser))
        book = Book(sys.argv[1])
        if not book.pages:
            sys.exit(f"{book.folder}: no page *.html; expected the book, `make book`")
        epub = book.folder / "line-by-line.epub"
        epubcheck = start_epubcheck(epub)
        book.check(browser)
        book.findings += [f"{epub.name}: {finding}" for finding in [*epub_in(browser, epub), *epub_findings(epub, epubcheck)]]
    finally:
        browser.close()
    print(*book.findings, sep="\n", end="\n" if book.findings else "")
    heaviest = max(book.weights, key=book.weights.get)
    slowest = max(book.paints, key=book.paints.get)
    print(f"heaviest page: {book.name(heaviest)}, {book.weights[heaviest] // 1000} kB compressed with all that it loads; "
          f"slowest first paint, of this machine now: {book.name(slowest)}, {book.paints[slowest]} ms")
    print(f"{len(book.pages)} pages, {len(book.figures)} figures, " + ", ".join(f"{n} {what}" for what, n in book.counts.items()) + ", 1 EPUB: "
          + (f"{len(book.findings)} findings" if book.findings else "no finding"))
    sys.exit(1 if book.findings else 0)


if __name__ == "__main__":
    main()
