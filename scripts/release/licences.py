#!/usr/bin/env python3
"""Prints the licences of all packages in a workspace with vendored dependencies, and the licence texts.

usage: licences.py WORKSPACE

Prints a text that several packages share only once. Fails if a package names no licence.
"""
import json, os, re, subprocess, sys

if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
    sys.exit(__doc__)
workspace = sys.argv[1]
metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--locked", "--offline", "--format-version=1"], cwd=workspace)
)
packages = sorted(
    (package for package in metadata["packages"] if package["source"]), key=lambda package: (package["name"], package["version"])
)

texts = {}  # a text: the packages that it came with
silent = []
print("The packages that socket-labs is built with, and their licences\n")
for package in packages:
    name = f"{package['name']} {package['version']}"
    if not package["license"]:
        sys.exit(f"error: `{name}` names no licence; find it in the source and add it here, or drop the package")
    print(f"{name}: {package['license']}")
    folder = os.path.dirname(package["manifest_path"])
    found = [file for file in sorted(os.listdir(folder)) if re.match(r"(?i)(un)?licen[sc]e|copying|notice|copyright", file)]
    found = [os.path.join(folder, file) for file in found if os.path.isfile(os.path.join(folder, file))]
    if not found:
        silent.append(name)
    for file in found:
        text = open(file, encoding="utf-8", errors="replace").read().replace("\r", "").strip("\n")
        texts.setdefault(text, []).append(name)

print("\nThe programs also contain Rust's standard library (MIT OR Apache-2.0, with the parts that its COPYRIGHT lists) and,")
print("where they are static, musl (MIT).")
if silent:
    print(f"\nThese packages contain no licence text; see the licence named above: {', '.join(silent)}.")
for text, users in texts.items():
    print(f"\n{'=' * 100}\n{', '.join(sorted(set(users)))}\n\n{text}")
