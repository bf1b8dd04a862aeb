"""The ready questions of `vmlineage find --list`, each with names to ask it of and SQL that a person would write for it.

The SQL gives the `name` of each answer. `:at` is the moment that is asked about. `whole`: it names nothing, so it is about the whole estate.
"""
from collections import namedtuple

Asked = namedtuple("Asked", "name parameters sql whole")

DAY = 86_400_000


def now(alias): return f"{alias}.valid_from <= :at AND :at < {alias}.valid_to"


HOSTS_OF_IMAGE = f"""
  JOIN link v ON v.to_id = i.from_id AND {now('v')} JOIN vm ON vm.thing_id = v.from_id
  JOIN link k ON k.to_id = vm.thing_id AND {now('k')} JOIN host h ON h.thing_id = k.from_id"""
RELEASES_OF_VM = f"""
  JOIN link i ON i.from_id = v.thing_id AND {now('i')} JOIN link r ON r.from_id = i.to_id AND {now('r')}"""
SOURCES_OF_RELEASE = """
  JOIN build b ON b.release_id = r.to_id JOIN artifact a ON a.build_id = b.thing_id
  JOIN link c ON c.from_id = a.thing_id JOIN revision n ON n.thing_id = c.to_id
  JOIN source s ON s.thing_id = n.source_id"""
BUILDS_OF_SOURCE = """revision n JOIN link c ON c.to_id = n.thing_id
  JOIN artifact a ON a.thing_id = c.from_id JOIN build b ON b.thing_id = a.build_id"""
ON_A_HOST = f"""EXISTS (SELECT 1 FROM link i JOIN link v ON v.to_id = i.from_id AND {now('v')}
  JOIN link k ON k.to_id = v.from_id AND {now('k')} JOIN host h ON h.thing_id = k.from_id
  WHERE i.to_id = x.thing_id AND {now('i')})"""


def questions(estate, files):
    """`files`: a path and a digest that some images have."""
    source = [f"src/{n}/file-7.c" for n in (1, estate.application_count // 3)]
    vm = [f"name-{n:07}" for n in (11, estate.vm_count // 2)]
    host = [estate.hosts[n] for n in (1, len(estate.hosts) // 2)]
    application = [estate.name(1), f"{estate.name(estate.application_count // 3)}@18.0"]
    path, digest = files
    inventories = "SELECT max(id) FROM inventory GROUP BY image_id"

    def having(file):
        test = f"f.digest = '{file}'" if "/" not in file else (
            f"f.folder = '{file.split('/')[-2]}/' AND f.name = '{file.split('/')[-1]}' AND f.path = '{file.lstrip('/')}'")
        return f"v_files f JOIN inventory y ON y.id = f.inventory_id AND y.id IN ({inventories})", test

    def each(name, parameter, values, sql, whole=False):
        return [Asked(name, {parameter: value} if parameter else {}, sql(value), whole) for value in values]

    return [
        *each("hosts-with-source", "source", source, lambda v: f"""SELECT DISTINCT h.name
          FROM source s JOIN {BUILDS_OF_SOURCE} AND n.source_id = s.thing_id
          JOIN link i ON i.to_id = b.release_id AND {now('i')} {HOSTS_OF_IMAGE} WHERE s.path = '{v}'"""),
        *each("sources-of-vm", "vm", vm, lambda v: f"""SELECT DISTINCT s.path FROM vm v {RELEASES_OF_VM}
          {SOURCES_OF_RELEASE} WHERE v.name = '{v}'"""),
        *each("sources-of-host", "host", host, lambda v: f"""SELECT DISTINCT s.path FROM host h
          JOIN link k ON k.from_id = h.thing_id AND {now('k')} JOIN vm v ON v.thing_id = k.to_id {RELEASES_OF_VM}
          {SOURCES_OF_RELEASE} WHERE h.name = '{v}'"""),
        *each("releases-of-vm", "vm", vm, lambda v: f"""SELECT DISTINCT e.name || '@' || e.version FROM vm v
          {RELEASES_OF_VM} JOIN application_release e ON e.thing_id = r.to_id WHERE v.name = '{v}'"""),
        *each("vms-with-application", "application", application, lambda v: f"""SELECT DISTINCT vm.name
          FROM application_release e JOIN link i ON i.to_id = e.thing_id AND {now('i')}
          JOIN link v ON v.to_id = i.from_id AND {now('v')} JOIN vm ON vm.thing_id = v.from_id
          WHERE {f"e.name = '{v}'" if '@' not in v else f"e.name || '@' || e.version = '{v}' AND e.name = '{v.split('@')[0]}'"}"""),
        *each("images-with-file", "file", files, lambda v: f"""SELECT DISTINCT m.name FROM {having(v)[0]}
          JOIN image m ON m.thing_id = y.image_id WHERE {having(v)[1]}"""),
        *each("hosts-with-file", "file", files, lambda v: f"""SELECT DISTINCT h.name FROM {having(v)[0]}
          JOIN link v ON v.to_id = y.image_id AND {now('v')} JOIN vm ON vm.thing_id = v.from_id
          JOIN link k ON k.to_id = vm.thing_id AND {now('k')} JOIN host h ON h.thing_id = k.from_id
          WHERE {having(v)[1]}"""),
        *each("vms-of-author", "author", ["a7@example.org"], lambda v: f"""SELECT DISTINCT vm.name FROM {BUILDS_OF_SOURCE}
          JOIN link i ON i.to_id = b.release_id AND {now('i')} JOIN link v ON v.to_id = i.from_id AND {now('v')}
          JOIN vm ON vm.thing_id = v.from_id WHERE n.author LIKE '%{v}%'"""),
        *each("crashed-hosts", None, [None], lambda v: f"""SELECT DISTINCT h.name FROM reboot x
          JOIN host h ON h.thing_id = x.host_id WHERE x.expected = 0 AND x.at BETWEEN :at - {DAY} AND :at
          AND EXISTS (SELECT 1 FROM life f WHERE f.thing_id = h.thing_id AND {now('f')})""", True),
        *each("changed-on-crashed-hosts", None, [None], lambda v: f"""SELECT DISTINCT e.name || '@' || e.version
          FROM reboot x JOIN link k ON k.from_id = x.host_id AND {now('k')}
          JOIN link i ON i.from_id = k.to_id AND {now('i')} JOIN link r ON r.from_id = i.to_id AND {now('r')}
          AND r.valid_from >= :at - {7 * DAY} JOIN application_release e ON e.thing_id = r.to_id
          WHERE x.expected = 0 AND x.at BETWEEN :at - {DAY} AND :at""", True),
        *each("sources-changed", None, [None], lambda v: f"""SELECT DISTINCT s.path FROM {BUILDS_OF_SOURCE}
          JOIN application_release x ON x.thing_id = b.release_id JOIN source s ON s.thing_id = n.source_id
          WHERE n.revised BETWEEN :at - {30 * DAY} AND :at AND {ON_A_HOST}""", True),
        *each("releases-changed", None, [None], lambda v: f"""SELECT x.name || '@' || x.version FROM application_release x
          WHERE x.released BETWEEN :at - {30 * DAY} AND :at AND {ON_A_HOST}""", True),
        *each("applications-changed", None, [None], lambda v: f"""SELECT DISTINCT x.name FROM application_release x
          WHERE x.released BETWEEN :at - {30 * DAY} AND :at AND {ON_A_HOST}""", True),
        *each("outdated-releases", None, [None], lambda v: f"""SELECT x.name || '@' || x.version FROM application_release x
          WHERE EXISTS (SELECT 1 FROM application_release y WHERE y.name = x.name AND y.kind = x.kind
            AND y.released > x.released)
          AND EXISTS (SELECT 1 FROM link i JOIN link v ON v.to_id = i.from_id AND {now('v')}
            JOIN vm_state z ON z.vm_id = v.from_id AND {now('z')} AND z.state = 'running'
            WHERE i.to_id = x.thing_id AND {now('i')})""", True),
        *each("vms-in-state", "state", ["stopped"], lambda v: f"""SELECT v.name FROM vm_state z
          JOIN vm v ON v.thing_id = z.vm_id WHERE z.state = '{v}' AND {now('z')}""", True),
        *each("vms-with-setting", "setting", ["memory=4096"], lambda v: f"""SELECT v.name FROM vm_setting z
          JOIN vm v ON v.thing_id = z.vm_id WHERE z.key = 'memory' AND z.value = '4096' AND {now('z')}""", True),
        *each("descendants", "image", [estate.images[0], estate.images[len(estate.images) // 100 * 50]], lambda v: f"""
          WITH RECURSIVE d (id) AS (SELECT thing_id FROM image JOIN thing t ON t.id = thing_id AND t.key = '{v}'
            AND t.kind = 'image' UNION SELECT l.from_id FROM d JOIN link l ON l.to_id = d.id AND {now('l')}
            JOIN image c ON c.thing_id = l.from_id)
          SELECT coalesce(m.name, t.key) FROM d JOIN image m ON m.thing_id = d.id JOIN thing t ON t.id = d.id
          WHERE t.key <> '{v}'"""),
        *each("unused-images", None, [None], lambda v: f"""SELECT m.name FROM image m
          WHERE NOT EXISTS (SELECT 1 FROM link v JOIN vm ON vm.thing_id = v.from_id
            WHERE v.to_id = m.thing_id AND {now('v')})
          AND EXISTS (SELECT 1 FROM life f WHERE f.thing_id = m.thing_id AND {now('f')})""", True),
        *each("unrecorded-applications", None, [None], lambda v: f"""SELECT e.name FROM application_release e
          JOIN link r ON r.to_id = e.thing_id AND {now('r')} JOIN image m ON m.thing_id = r.from_id
          GROUP BY e.name HAVING min(r.origin) > 1""", True),
        *each("sources-that-run-nowhere", None, [None], lambda v: f"""SELECT s.path FROM source s
          WHERE NOT EXISTS (SELECT 1 FROM {BUILDS_OF_SOURCE}
            JOIN link i ON i.to_id = b.release_id AND {now('i')} JOIN link v ON v.to_id = i.from_id AND {now('v')}
            JOIN vm ON vm.thing_id = v.from_id WHERE n.source_id = s.thing_id)""", True),
    ]
