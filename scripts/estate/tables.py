#!/usr/bin/env python3
"""scripts/estate/tables.py CATALOG SCALE [signed] [scanned]: fills an empty catalog with the made-up estate by SQL.

Writes what the estate's events should come to, by rules of its own: `events.py` tells the same estate through `record`.
signed: builds have the ids of their signatures, as that comparison needs (slower). scanned: a third of the images were also
scanned, so that links are declared and inferred too.
"""
import hashlib
import random
import sqlite3
import sys
from itertools import count

import events
from facts import DAY, Estate, NOW, artifact, revision
from signatures import signature

FOREVER = 2**63 - 1
TABLES = ("thing", "event", "event_subject", "link", "claim", "host", "vm", "image", "life", "vm_state", "vm_setting",
          "image_place", "reboot", "inheritance", "application_release", "build", "artifact", "source", "revision",
          "inventory", "sighting")


class Rows:
    """Rows on their way into the tables, by the names of their columns."""
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-4000000", "temp_store=MEMORY"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.execute("BEGIN")
        # Made afterwards, in order, which is ten times faster.
        self.indexes = self.db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in self.indexes: self.db.execute(f"DROP INDEX {name}")
        self.rows, self.counters = {}, {table: count(1) for table in TABLES}

    def add(self, table, columns, *values):
        rows = self.rows.setdefault((table, columns), [])
        rows.append(values)
        if len(rows) >= 20_000: self.flush(table, columns)

    def number(self, table): return next(self.counters[table])

    def flush(self, table, columns):
        rows = self.rows.pop((table, columns))
        self.db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def finish(self):
        for key in list(self.rows): self.flush(*key)
        for _, sql in self.indexes: self.db.execute(sql)
        self.db.execute("INSERT INTO author SELECT DISTINCT author FROM revision")
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA journal_mode=WAL")


class Writer:
    def __init__(self, path, estate, is_signed, is_scanned):
        self.estate, self.is_signed, self.is_scanned = estate, is_signed, is_scanned
        self.rows = Rows(path)
        self.releases, self.hosts, self.images = {}, {}, {}
        # Of golden images what they hold: (release, since, until, claims).
        self.golden, self.host_ends, self.image_ends = {}, {}, {}

    def thing(self, kind, key):
        number = self.rows.number("thing")
        self.rows.add("thing", "id, kind, key", number, kind, key)
        return number

    def event(self, happening, subject):
        number = self.rows.number("event")
        self.rows.add("event", "seq, id, kind, at, received, reporter, body", number, events.name(happening),
                      happening.kind, happening.at, NOW, "bench", events.line(happening))
        self.rows.add("event_subject", "thing_id, at, event_seq", subject, happening.at, number)
        return number

    def link(self, one, other, since, until):
        """A captured link; one that ends as it begins never was."""
        if since >= until: return None
        number = self.rows.number("link")
        self.rows.add("link", "id, from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group",
                      number, one, other, since, until, 1, 1.0, 0)
        return number

    def claimed(self, one, other, since, until, claims):
        link = self.link(one, other, since, until)
        for claim in claims if link else []: self.claim(link, *claim)

    def claim(self, link, event, rule, at, evidence=None):
        self.rows.add("claim", "link_id, event_seq, at, origin, confidence, evidence_group, rule, rule_version, evidence",
                      link, event, at, 1, 1.0, 0, rule, 1, evidence)

    def life(self, thing, since, until=FOREVER):
        self.rows.add("life", "thing_id, valid_from, valid_to", thing, since, until)

    # Builds

    def application(self, application):
        sources, revisions = {}, {}
        for version, release in enumerate(application.releases):
            name = application.name
            number = self.thing("release", f"release:{len(name)}:{name}@{release.version}")
            self.releases[name, release.version] = number
            self.rows.add("application_release", "thing_id, kind, name, version, released", number, "release", name,
                          release.version, release.built)
            key = signature(application, release)["build"] if self.is_signed else hashlib.sha256(
                f"{name} {version}".encode()).hexdigest()
            build = self.thing("build", key)
            self.rows.add("build", "thing_id, digest, release_id, platform, compiler, builder, built", build,
                          bytes.fromhex(key), number, "linux", "gcc", "ci", release.built)
            for position, used in enumerate(release.artifacts):
                facts = artifact(application, release, position)
                one = self.thing("artifact", f"{key}/{facts['path']}")
                self.rows.add("artifact", "thing_id, build_id, path, size, sha256, git_blob, kind", one, build,
                              facts["path"], facts["size"], bytes.fromhex(facts["sha256"]), facts["gitoid"], "elf")
                for part in used:
                    if part not in revisions: revisions[part] = self.revision(application, part, sources)
                    self.link(one, revisions[part], 0, FOREVER)
            event = self.event(events.built(application, release, key), number)
            self.rows.add("understood", "event_seq, name, thing_id", event, f"{key}.json", build)
            self.claimed(number, build, 0, FOREVER, [(event, "release-built", 0, None)])

    def revision(self, application, part, sources):
        facts, (source, version, earlier) = revision(application, part), part
        key = f"{len(facts['repository'])}:{facts['repository']}/{facts['path']}"
        if source not in sources:
            sources[source] = self.thing("source", key)
            self.rows.add("source", "thing_id, repository, path, created", sources[source], facts["repository"],
                          facts["path"], application.releases[0].built)
        number = self.thing("revision", f"{facts['revision']} {facts['blob']} {key}")
        self.rows.add(
            "revision", "thing_id, source_id, revision_commit, blob, author, revised, earlier, uncommitted", number,
            sources[source], facts["revision"], facts["blob"], facts["author"], application.releases[version].built,
            earlier, 0)
        return number

    # Hosts

    def host(self, name, history):
        history = list(history)
        number = self.hosts[name] = self.thing("host", name)
        ended = [h.at for h in history if h.kind == "host-decommissioned"]
        self.host_ends[name] = ended[0] if ended else FOREVER
        self.rows.add("host", "thing_id, name, host_group, first_seen", number, name, history[0].fields["group"],
                      history[0].at)
        self.life(number, history[0].at, self.host_ends[name])
        for happening in history:
            event = self.event(happening, number)
            if happening.kind == "host-rebooted":
                self.rows.add("reboot", "host_id, at, event_seq, expected", number, happening.at, event,
                              int(happening.fields["expected"]))

    # Images

    def image(self, name, history):
        history = list(history)
        created, number = history[0], self.thing("image", name)
        self.images[name] = number
        ended = [h.at for h in history if h.kind == "image-deleted"]
        until = self.image_ends[name] = ended[0] if ended else FOREVER
        fields = created.fields
        self.rows.add("image", "thing_id, host, path, name, role, first_seen", number, fields["host"], fields["path"],
                      fields["path"].rsplit("/")[-1], fields["role"], created.at)
        self.rows.add("image_place", "image_id, valid_from, host, path, valid_to", number, created.at, fields["host"],
                      fields["path"], until)
        self.life(number, created.at, until)
        held = Held(self, number)
        for happening in history:
            event = self.event(happening, number)
            if happening.kind == "image-created" and "parent" in fields:
                held.inherit(fields["parent"], happening, event, number, until)
            held.change(happening, event)
        if self.is_scanned and until == FOREVER and len(self.images) % 3 == 1:
            self.scan(len(self.images), number, set(held.open))
        held.close(until)
        if fields["role"] == "golden": self.golden[name] = held.all

    # Vms

    def vm(self, uuid, history):
        history = list(history)
        created, number = history[0], self.thing("vm", uuid)
        ended = [h.at for h in history if h.kind == "vm-deleted"]
        until = ended[0] if ended else FOREVER
        self.rows.add("vm", "thing_id, uuid, name, first_seen", number, uuid, created.fields["name"], created.at)
        self.life(number, created.at, until)
        hosts, image = [], created.fields["image"]
        image_until = min(until, self.image_ends[image] if self.image_ends[image] > created.at else FOREVER)
        image_event = None
        for happening in history:
            at, fields, event = happening.at, happening.fields, self.event(happening, number)
            if "host" in fields:
                host, end = self.hosts[fields["host"]], self.host_ends[fields["host"]]
                claim = (event, happening.kind, at, None)
                if hosts and hosts[-1][0] == host:
                    # Told to move to where it is: one link, two claims.
                    hosts[-1][3].append(claim)
                    continue
                if hosts: hosts[-1][2] = at
                hosts.append([host, at, min(until, end) if end > at else until, [claim]])
            if happening.kind == "vm-created": image_event = event
            if happening.kind == "vm-state":
                self.rows.add("vm_state", "vm_id, valid_from, state, valid_to", number, at, fields["state"], until)
            if happening.kind == "vm-settings":
                for key, value in fields["settings"].items():
                    self.rows.add("vm_setting", "vm_id, key, valid_from, value, valid_to", number, key, at, value, until)
            if "application" in fields and at < image_until:
                self.own_image(uuid, number, image, happening, event, until)
                image_until = at
        for host, since, end, claims in hosts: self.claimed(host, number, since, end, claims)
        self.claimed(number, self.images[image], created.at, image_until, [(image_event, "vm-created", created.at, None)])

    def own_image(self, uuid, vm, image, happening, event, until):
        """With its first change a vm gets an image of its own."""
        number = self.thing("image", f"vm:{uuid}")
        self.rows.add("image", "thing_id, role, first_seen", number, "deployed", happening.at)
        self.life(number, happening.at, until)
        held = Held(self, number)
        held.inherit(image, happening, event, vm, until)
        held.change(happening, event)
        held.close(until)
        self.claimed(vm, number, happening.at, until, [(event, happening.kind, happening.at, None)])
        return number

    def scan(self, number, image, held):
        """What no event told of: three releases that the image declares, three that its contents show."""
        draw, at, inventory = random.Random(f"scan {number}"), NOW - 2 * DAY, self.rows.number("inventory")
        self.rows.add(
            "inventory", "id, image_id, received, version, status, files, files_read, digested, unreadable", inventory,
            image, at, 1, "partial", 50_000, 500, 500, 0)
        for position in range(6):
            application, version = self.estate.installable(draw, at, is_recorded=draw.random() < 0.95)
            key = (self.estate.name(application), f"{version}.0")
            if key in held: continue
            origin, confidence = (2, 0.9) if position < 3 else (3, round(0.5 + draw.random() / 2, 2))
            held.add(key)
            rule, group = ("package", inventory * 2) if origin == 2 else ("contents", inventory * 2 + 1)
            sighting, link = self.rows.number("sighting"), self.rows.number("link")
            self.rows.add("sighting", "id, inventory_id, from_id, to_id, origin, confidence, rule, rule_version, evidence",
                          sighting, inventory, image, self.releases[key], origin, confidence, rule, 1, "{}")
            self.rows.add("link", "id, from_id, to_id, valid_from, valid_to, origin, confidence, evidence_group", link,
                          image, self.releases[key], at, FOREVER, origin, confidence, group)
            self.rows.add(
                "claim", "link_id, sighting_id, inventory_id, at, origin, confidence, evidence_group, rule, rule_version",
                link, sighting, inventory, at, origin, confidence, group, rule, 1)

    def finish(self): self.rows.finish()


class Held:
    """The releases that one image holds, over time."""
    def __init__(self, writer, image):
        self.writer, self.image, self.open, self.all = writer, image, {}, []

    def inherit(self, parent, happening, event, dependent, until):
        """Begins with what the parent holds then."""
        writer, at = self.writer, happening.at
        writer.claimed(self.image, writer.images[parent], at, until, [(event, happening.kind, at, None)])
        writer.rows.add("inheritance", "on_id, at, dependent_id", writer.images[parent], at, dependent)
        for key, since, end, _ in writer.golden[parent]:
            if since <= at < end: self.open[key] = [(event, "inherited", at, f'{{"image":"{parent}"}}')]

    def change(self, happening, event):
        fields, at = happening.fields, happening.at
        if "application" not in fields: return
        key = (fields["application"], fields.get("release"))
        if happening.kind != "application-installed":
            for other in [k for k in self.open if k[0] == key[0] and k != key]: self.end(other, at)
            if happening.kind == "application-removed": return
        self.open.setdefault(key, []).append((event, happening.kind, at, None))

    def end(self, key, until):
        claims = self.open.pop(key)
        since = claims[0][2]
        self.all.append((key, since, until, claims))
        writer = self.writer
        writer.claimed(self.image, writer.releases[key], since, until, claims)

    def close(self, until):
        for key in list(self.open): self.end(key, until)


def main(path, scale, *options):
    estate = Estate(scale)
    writer = Writer(path, estate, "signed" in options, "scanned" in options)
    for number in range(estate.application_count): writer.application(estate.application(number))
    for number, host in enumerate(estate.hosts): writer.host(host, estate.host_history(number))
    for number, image in enumerate(estate.images): writer.image(image, estate.image_history(number))
    for number in range(estate.vm_count): writer.vm(estate.vm(number), estate.vm_history(number))
    writer.finish()
    for table in ("link", "event", "thing"):
        print(f"{writer.rows.db.execute(f'SELECT count(*) FROM {table}').fetchone()[0]:,} rows of {table}")


main(sys.argv[1], float(sys.argv[2]), *sys.argv[3:])
