"""Formulas as a repository's page shows them: a parser of GitHub's Markdown must leave each as it was written.

    formulas.py TEXT.md ...

An inline formula is $`...`$, a displayed one a fence ```math: forms that Markdown does not touch. A formula in any other
form ($...$, $$...$$) is a finding, and one whose text cmark-gfm changes. Status 1 where there is a finding.
"""
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

SPACE = "{http://commonmark.org/xml/1.0}"


def written(text):
    """The formulas of a text as its author wrote them, in order; fences of code and comments are left out."""
    inline, displayed, fence, block = [], [], None, []
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.S).split("\n"):
        mark = re.match(r" *(```+)(.*)", line)
        if fence:
            if mark and len(mark[1]) >= len(fence) and not mark[2].strip():
                if kind == "math":
                    displayed.append("\n".join(block) + "\n")
                fence = None
            else:
                block.append(line)
        elif mark:
            fence, kind, block = mark[1], mark[2].strip(), []
        else:
            cells = line.startswith("|")
            inline += [f.replace("\\|", "|") if cells else f for f in re.findall(r"\$`([^`]*)`\$", line)]
    return inline, displayed


def shown(text):
    """The same as cmark-gfm has them, and what is left of formulas in its plain text."""
    tree = xml.fromstring(subprocess.run(["cmark-gfm", "-e", "table", "-t", "xml"], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout)
    inline, displayed, left = [], [], []
    beside = {}  # of each node, the plain text before and behind it
    for parent in tree.iter():
        texts = [""] + [node.text or "" if node.tag == SPACE + "text" else "" for node in parent] + [""]
        beside.update({node: (texts[i], texts[i + 2]) for i, node in enumerate(parent)})
    for node in tree.iter():
        if node.tag == SPACE + "code_block" and node.get("info") == "math":
            displayed.append(node.text)
        if node.tag == SPACE + "code" and beside[node][0].endswith("$") and beside[node][1].startswith("$"):
            inline.append(node.text)
        if node.tag == SPACE + "text" and re.sub(r"^\$|\$$", "", node.text or "").count("$"):
            left.append(node.text)
    return inline, displayed, left


def main():
    findings = formulas = 0
    for path in sys.argv[1:]:
        with open(path) as file:
            text = file.read()
        ours, theirs = written(re.sub(r"<!--.*?-->", "", text, flags=re.S)), shown(re.sub(r"<!--.*?-->", "", text, flags=re.S))
        messages = [f'"{one}" has a $ that is part of no formula: formulas are $`...`$ and fences of math' for one in theirs[2]]
        for kind, mine, parsed in zip(("inline", "displayed"), ours, theirs):
            formulas += len(mine)
            if mine != parsed:
                at = next((i for i, (a, b) in enumerate(zip(mine, parsed)) if a != b), min(len(mine), len(parsed)))
                a, b = (x[at].strip() if at < len(x) else "nothing" for x in (mine, parsed))
                messages.append(f"{kind} formula {at + 1} of {len(mine)} is written {a!r} and becomes {b!r}")
        for message in messages:
            print(f"{path}: {message}")
        findings += len(messages)
    print(f"{formulas} formulas of {len(sys.argv) - 1} texts, " + (f"{findings} findings" if findings else "each stays as it was written"))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
