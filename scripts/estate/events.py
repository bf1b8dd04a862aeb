#!/usr/bin/env python3
"""scripts/estate/events.py FOLDER SCALE: the made-up estate as FOLDER/events.jsonl and one signature file a build."""
import json
import os
import sys
from datetime import UTC, datetime

from facts import Estate, Happening
from signatures import canonical, signature


def name(happening):
    """The id of the event of a happening."""
    subject = happening.fields.get("vm") or happening.fields.get("image") or happening.fields.get("host")
    subject = subject or f"{happening.fields['application']}@{happening.fields['release']}"
    return f"{happening.kind} {subject} {happening.at}"


def line(happening):
    """Its event, the same in whatever way it is told."""
    at = datetime.fromtimestamp(happening.at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return json.dumps({"id": name(happening), "kind": happening.kind,
                       "at": f"{at}.{happening.at % 1000:03}Z", "reporter": "bench"} | happening.fields,
                      separators=(",", ":"))


def built(application, release, build):
    return Happening("release-built", release.built, {
        "application": application.name, "release": release.version, "signature": f"{build}.json"})


def main(folder, scale):
    estate, happenings = Estate(scale), []
    os.makedirs(folder, exist_ok=True)
    for application in map(estate.application, range(estate.application_count)):
        for release in application.releases:
            made = signature(application, release)
            with open(f"{folder}/{made['build']}.json", "wb") as file: file.write(canonical(made))
            happenings.append(built(application, release, made["build"]))
    for histories, number in ((estate.host_history, len(estate.hosts)), (estate.image_history, len(estate.images)),
                              (estate.vm_history, estate.vm_count)):
        for one in range(number): happenings += histories(one)
    happenings.sort(key=lambda happening: happening.at)
    with open(f"{folder}/events.jsonl", "w") as file: file.writelines(f"{line(h)}\n" for h in happenings)
    print(f"{len(happenings):,} events")


if __name__ == "__main__": main(sys.argv[1], float(sys.argv[2]))
