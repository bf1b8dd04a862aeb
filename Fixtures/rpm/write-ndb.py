#!/usr/bin/python3
"""write-ndb.py RPMDB.SQLITE PACKAGES.DB

Writes the header blobs of an RPM SQLite database as an NDB file, the form that SUSE's rpm uses. Debian's rpm has no NDB,
so the layout is taken from the description in rpm's lib/backend/ndb/rpmpkg.c: a header of 32 bytes, slots of 16 bytes in
pages of 4096, then blobs in blocks of 16 bytes, all little-endian. As after real use, not all slots are taken, slots are
not in the order of their blobs, and there is a gap of zeros where a package was removed.
"""

import sqlite3
import struct
import sys
import zlib

PAGE, BLOCK = 4096, 16


def blob_bytes(number, blob):
    head = struct.pack("<4sIII", b"BlbS", number, 1700000000, len(blob))
    padding = bytes(-(len(head) + len(blob) + 12) % BLOCK)
    checksum = zlib.adler32(head + blob + padding)
    return head + blob + padding + struct.pack("<II4s", checksum, len(blob), b"BlbE")


def main(source, target):
    rows = sqlite3.connect(source).execute("select hnum, blob from Packages order by hnum").fetchall()
    pages = (len(rows) + 8) * BLOCK // PAGE + 1
    slots = [(0, 0, 0)] * (pages * PAGE // BLOCK - 2)
    body, start = b"", pages * PAGE // BLOCK
    places = [place for place in range(len(rows) + 5) if place % 50 != 7]
    for position, (number, blob) in enumerate(rows):
        written = blob_bytes(number, bytes(blob))
        slots[places[-1 - position]] = (number, start + len(body) // BLOCK, len(written) // BLOCK)
        body += written
        if position == 3:
            body += bytes(BLOCK * 40)
    header = struct.pack("<4sIIII12x", b"RpmP", 0, len(rows) + 1, pages, rows[-1][0] + 1)
    table = b"".join(struct.pack("<4sIII", b"Slot", *slot) for slot in slots)
    with open(target, "wb") as file:
        file.write(header + table + body)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    main(sys.argv[1], sys.argv[2])
