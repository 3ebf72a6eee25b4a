"""All reference cases of a chapter, with FORMAT.md, as one zip: the same bytes from the same files.

    zip.py OUT.zip CHAPTER
"""
import pathlib
import sys
import zipfile

out, chapter = sys.argv[1:]
reference = pathlib.Path("chapters", chapter, "reference")
names = {"FORMAT.md": pathlib.Path("common/checker/FORMAT.md")}
names |= {path.relative_to(reference).as_posix(): path for path in reference.glob("*/**/*") if path.is_file()}
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for name in sorted(names):
        about = zipfile.ZipInfo(f"{chapter}/{name}")  # of 1980: the files' times are of no interest
        about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(about, names[name].read_bytes())
