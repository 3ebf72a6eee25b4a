"""The live parts of the book's pages in Chromium: they come to life, answer in time, take the keyboard, fit a phone.

    live.py FOLDER [PICTURES]    the book, as `make live` writes it; PICTURES: a folder for a picture of every live part

Of every chapter with an interactive: no error; every slider, choice, button and box changes what is shown, by the
keyboard or a click, in less than 50 ms; nothing is wider than the page at 360 px; contrast, light and dark. Of every
chapter: the checker's panel, and for files that are put on it, and a folder that is dropped on a row of the table,
the report of build/compare, word for word.
Status 1 where there is a finding.
"""
import base64
import pathlib
import shutil
import subprocess
import sys
import time

import browser as book

LIMIT = 50  # ms
CHECKS = (pathlib.Path(__file__).parent / "live.js").read_text()


class Live(book.Browser):
    def wait(self, expression, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.evaluate(expression):
                return True
            time.sleep(0.05)
        return False

    def promise(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            return {"error": result["exceptionDetails"]["exception"].get("description")}
        return result["result"].get("value")

    def key(self, key, code):
        for kind in "rawKeyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path, selector):
        box = self.evaluate(f"live_check.box({selector!r})")
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=box | {"scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))


def visit(browser, page, build, pictures):
    """The findings of one page."""
    name = page.stem
    browser.look(1280, "light")
    browser.open(page.as_uri())
    browser.evaluate(CHECKS)
    if not browser.evaluate("!!document.querySelector('script[data-chapter]')"):
        return [f"{name}: names no live part"]
    found = []
    turns = 0
    if browser.evaluate("'turn' in document.querySelector('script[data-chapter]').dataset"):
        if not browser.wait("live_check.count() > 0"):
            return [f"{name}: its interactive is nowhere; does the page show the figure that it follows?"]
        turns = browser.evaluate("live_check.count()")
    for k in range(turns):
        found += [f"{name}: {what}" for what in turn(browser, name, k)]
    found += [f"{name}: {what}" for what in checker(browser, name, build)]
    found += [f"{name}: {what}" for what in dropped(browser, name, build)]
    for width, theme in (1280, "light"), (1280, "dark"), (360, "light"), (360, "dark"):
        browser.look(width, theme)
        time.sleep(0.2)
        found += [f"{name}, {width} px, {theme}: {what}" for what in browser.evaluate("live_check.looks()")]
        if pictures:
            for part in [*range(turns), "checker"]:
                browser.picture(pictures / f"{name}-{part}-{width}-{theme}.png", part)
    found += [f"{name}: {what}" for what in book.loading(browser.events, page.parent.as_uri() + "/")]
    return found


def turn(browser, name, k):
    """An interactive, the k-th of its page: it lives, every control does something, in time, and by the keyboard."""
    browser.evaluate(f"live_check.take({k})")
    if not browser.wait("live_check.ready()"):
        yield "its interactive does not come to life"
        return
    failed = browser.evaluate("live_check.failed()")
    if failed:
        yield failed
        return
    before = browser.evaluate("live.took.length")
    shown = browser.promise("live_check.turn()")
    yield from shown if isinstance(shown, list) else [shown]
    # A control by the keyboard itself: a slider goes up, a choice to another one.
    value = browser.evaluate("live_check.focus_slider()")
    browser.key("ArrowRight", 39)
    if not browser.wait(f"live_check.slider() !== {value!r}", 3):
        browser.key("ArrowLeft", 37)
        if not browser.wait(f"live_check.slider() !== {value!r}", 3):
            yield "its first slider or choice does not follow the arrow keys"
    took = browser.evaluate(f"live.took.slice({before})")
    if max(took, default=0) > LIMIT:
        yield f"an update took {max(took):.0f} ms; expected at most {LIMIT}"
    print(f"{name}: {len(took)} updates, the slowest {max(took, default=0):.1f} ms")


def dropped(browser, name, build):
    """What is dropped on a case of the table, as a mouse drops it: a folder, and files; with one number of one wrong."""
    case = browser.evaluate("live_check.dropped_on()")
    if not case:
        yield "no case of the table takes a drop"
        return
    mine, here = build / "dropped", pathlib.Path(f"chapters/{name}/reference/{case}")
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir()
    for file in here.glob("*.npy"):
        shutil.copy(file, mine)
    # What is NaN in the reference may be anything: another file than one that ends with it.
    compared = [file for file in mine.glob("*.npy") if file.read_bytes()[-1:] not in (b"\x7f", b"\xff")]
    wrong = max(compared, key=lambda file: (file.stat().st_size, file.name))
    wrong.write_bytes(wrong.read_bytes()[:-1] + b"\x41") # the exponent of its last number, or a number of its own
    said = subprocess.run([build / "compare", here, mine.relative_to(pathlib.Path.cwd())], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    # A folder on the case's row, which chooses the case; then its files on the panel.
    for place, files, folder in ("row", [str(mine)], "dropped"), ("panel", [str(file) for file in mine.iterdir()], "mine"):
        at = browser.evaluate(f"live_check.drop_place({place!r})")
        data = {"items": [], "files": files, "dragOperationsMask": 1}
        for kind in "dragEnter", "dragOver":
            browser.call("Input.dispatchDragEvent", type=kind, x=at["x"], y=at["y"], data=data)
        if not browser.wait("!!document.querySelector('.live-over')", 3):
            yield f"the {place} over which files are held does not show it"
        browser.call("Input.dispatchDragEvent", type="drop", x=at["x"], y=at["y"], data=data)
        browser.wait("live_check.report().startsWith('$')")
        shown = browser.evaluate("live_check.report()")
        command, _, report = shown.partition("\n")
        if command != f"$ compare {here} {folder}":
            yield f"what is dropped on the {place} of {case} is {command!r}"
        if said.returncode != 1 or report != said.stdout.replace("build/dropped", folder):
            yield f"dropped on the {place} of {case}: the checker says {report!r}, build/compare (status {said.returncode}) {said.stdout!r}"
        if browser.evaluate("!!document.querySelector('.live-over')"):
            yield f"the {place} still shows that files are held over it when they are dropped"


def checker(browser, name, build):
    """The report on the case's own files, and on none, is the command's."""
    cases = browser.evaluate("live.names")
    for case in cases[:2] + cases[-1:]:
        for what, mine in ("list", None), ("itself", True):
            arguments = [f"chapters/{name}/reference/{case}"] * (2 if mine else 1)
            said = subprocess.run([build / "compare", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            shown = browser.promise(f"live_check.checker({case!r}, {'true' if mine else 'false'}, {name!r})")
            if not isinstance(shown, str) or shown.split("\n", 1)[1].replace("mine", "FOLDER") != said.stdout.replace("mine", "FOLDER"):
                yield f"the checker on {case} ({what}) says {shown!r}, build/compare {said.stdout!r}"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1]).resolve()
    pictures = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) == 3 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    pages = sorted(folder.glob("live/*.cases.js"))
    if not pages:
        sys.exit(f"{folder}: no live parts; expected the book as `make live` writes it")
    browser, found = Live(), []
    try:
        for data in pages:
            found += visit(browser, folder / (data.name.split(".")[0] + ".html"), folder.parent, pictures)
    finally:
        browser.close()
    print(*found, sep="\n", end="\n" if found else "")
    print(f"live parts of {len(pages)} pages: " + (f"{len(found)} findings" if found else "no finding"))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
