"""A made-up estate: what its machines, images and builds did in the three months before 2026-01-01.

The same scale gives the same estate. Scale 1 is 1,000,000 vms on 20,000 hosts, 50,000 images, 2,000 applications with
40,000 releases, 400,000 sources with 5 million revisions. Skewed as estates are: few images have most vms, few applications
are nearly everywhere. Two writers tell it: `tables.py` as rows of a catalog, `events.py` as signatures and events.
"""
import hashlib
import random
from collections import namedtuple
from datetime import UTC, datetime

DAY = 86_400_000
NOW = 1_767_225_600_000
START = NOW - 90 * DAY
RELEASES, SOURCES, ARTIFACTS, USED = 20, 200, 10, 110

Application = namedtuple("Application", "number name repository sources releases")
# `artifacts`: for each the revisions that went into it, as (source, version that last changed it, earlier revisions)
Release = namedtuple("Release", "version built author commit artifacts")
# kind, time and fields of an event
Happening = namedtuple("Happening", "kind at fields")


def sha1(text): return hashlib.sha1(text.encode()).hexdigest()


def revision(application, used):
    """A revision as a signature has it."""
    source, version, earlier = used
    release = application.releases[version]
    return {"author": release.author, "blob": sha1(f"blob {application.number} {source} {version}"),
            "created": iso(application.releases[0].built), "path": application.sources[source],
            "repository": application.repository, "revised": iso(release.built), "revision": release.commit,
            "revisions": earlier, "uncommitted": False}


def artifact(application, release, number):
    """An artifact as a signature has it, without its sources."""
    name = f"{application.name} {release.version} {number}"
    return {"gitoid": sha1(name), "kind": "elf", "marks": [], "path": f"bin/{application.name}/tool-{number}",
            "sha256": hashlib.sha256(name.encode()).hexdigest(), "size": 1000 + number}


def iso(milliseconds): return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Estate:
    def __init__(self, scale):
        def count(whole): return max(4, round(whole * scale))
        self.hosts = [f"host-{n:05}" for n in range(count(20_000))]
        self.images = [f"image-{n:05}" for n in range(count(50_000))]
        self.application_count, self.vm_count = count(2_000), count(1_000_000)
        self.born = [NOW - (571 + random.Random(f"born {n}").randrange(120)) * DAY for n in range(self.application_count)]

    def application(self, number):
        """A release changes six sources in ten; an artifact comes from about half of them."""
        draw = random.Random(f"application {number}")
        releases, newest = [], [(0, 0)] * SOURCES
        for version in range(RELEASES):
            if version:
                newest = [(version, old[1] + 1) if draw.random() < 0.6 else old for old in newest]
            artifacts = [[(source, *newest[source]) for source in sorted(draw.sample(range(SOURCES), USED))]
                         for _ in range(ARTIFACTS)]
            author = (number * 7 + version) % 5000
            releases.append(Release(f"{version}.0", self.built(number, version),
                                    f"Author {author} <a{author}@example.org>", sha1(f"commit {number} {version}"),
                                    artifacts))
        return Application(number, self.name(number), f"git/{number}",
                           [f"src/{number}/file-{n}.c" for n in range(SOURCES)], releases)

    def name(self, number): return f"app-{number:04}"

    def built(self, number, version): return self.born[number] + version * 30 * DAY

    def installable(self, draw, at, is_recorded=True):
        """An application and a version of it that was built by then. Of the last tenth of the applications one half is
        installed where nobody records it, the other nowhere."""
        while True:
            number = int(self.application_count * (
                0.9 * draw.random() ** 2 if is_recorded else 0.9 + 0.05 * draw.random()))
            newest = min(RELEASES - 1, (at - self.born[number]) // (30 * DAY))
            if newest >= 0: return number, max(0, newest - int(draw.expovariate(0.7)))

    def is_golden(self, image): return image % 50 == 0

    def image_history(self, image):
        """Golden images get 40 applications on the first day; others come from one of them and differ by a few."""
        draw = random.Random(f"image {image}")
        golden = self.is_golden(image)
        created = START + DAY + image if golden else START + (2 + draw.randrange(50)) * DAY + image
        fields = {"image": self.images[image], "host": self.hosts[image % len(self.hosts)],
                  "path": f"/images/{image:05}.vhd", "role": "golden" if golden else "deployed"}
        if not golden: fields["parent"] = self.images[image - image % 50]
        yield Happening("image-created", created, fields)
        at, installed = created, []
        for _ in range(40 if golden else draw.randrange(12)):
            at += 1 + draw.randrange(1_000_000 if golden else 10 * DAY)
            if at > NOW - 3 * DAY: break
            number, version = self.installable(draw, at)
            kind = "application-installed" if golden or draw.random() < 0.5 else "application-patched"
            yield Happening(kind, at, {"image": self.images[image], "application": self.name(number),
                                       "release": f"{version}.0"})
            installed.append(number)
            if not golden and draw.random() < 0.1:
                at += DAY
                gone = self.name(draw.choice(installed))
                yield Happening("application-removed", at, {"image": self.images[image], "application": gone})
        if self.is_deleted(image):
            yield Happening("image-deleted", NOW - DAY + image, {"image": self.images[image]})

    def is_deleted(self, image): return image % 200 == 77

    def vm(self, number):
        return f"{number:08x}-0000-4000-8000-{number * 2654435761 % 2**48:012x}"

    def vm_history(self, number):
        """One vm in two hundred of a golden image is changed itself."""
        draw = random.Random(f"vm {number}")
        vm, images = self.vm(number), int(len(self.images) * 0.95)
        image = int(images * draw.random() ** 2)
        if draw.random() < 0.5: image -= image % 50
        at = START + (55 + draw.randrange(30)) * DAY + draw.randrange(DAY)
        yield Happening("vm-created", at, {"vm": vm, "name": f"name-{number:07}", "image": self.images[image],
                                           "host": draw.choice(self.hosts)})
        yield Happening("vm-state", at + 1000, {"vm": vm, "state": "running" if number % 5 else "stopped"})
        yield Happening("vm-settings", at + 2000, {"vm": vm, "settings": {"memory": str(1024 << number % 4)}})
        if draw.random() < 0.2:
            yield Happening("vm-migrated", at + DAY, {"vm": vm, "host": draw.choice(self.hosts)})
        if self.is_golden(image) and draw.random() < 0.01:
            application, version = self.installable(draw, at + 2 * DAY)
            yield Happening(draw.choice(["application-installed", "application-patched"]), at + 2 * DAY,
                            {"vm": vm, "application": self.name(application), "release": f"{version}.0"})
        if draw.random() < 0.03: yield Happening("vm-deleted", at + 3 * DAY, {"vm": vm})

    def host_history(self, number):
        draw = random.Random(f"host {number}")
        host = {"host": self.hosts[number]}
        yield Happening("host-added", START + number, host | {"group": f"group-{number % 50}"})
        for day in range(1, 90):
            if draw.random() < 0.05:
                expected = draw.random() < 0.7
                yield Happening("host-rebooted", START + day * DAY + draw.randrange(DAY), host | {"expected": expected})
        if self.is_decommissioned(number): yield Happening("host-decommissioned", NOW - 1000, host)

    def is_decommissioned(self, number): return number % 300 == 123
