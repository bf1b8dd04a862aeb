/// What people who know SQL may build upon: names and columns stay. Times are ISO 8601 in UTC, an end that has not come
/// is NULL; `origin` is a word. Those named `v_…_now` hold what is so at this moment.
let views =
  [
    view("v_hosts", "SELECT h.thing_id AS id, h.name, h.host_group, \(time("h.first_seen")) AS first_seen FROM host h"),
    view(
      "v_vms",
      """
      SELECT v.thing_id AS id, v.uuid, v.name, s.state, h.name AS host, \(time("v.first_seen")) AS first_seen FROM vm v
      LEFT JOIN vm_state s ON s.vm_id = v.thing_id AND s.valid_to = \(Dialect.forever)
      LEFT JOIN link l ON l.to_id = v.thing_id AND l.valid_to = \(Dialect.forever)
      LEFT JOIN host h ON h.thing_id = l.from_id
      """),
    view(
      "v_images",
      """
      SELECT i.thing_id AS id, t.key, i.host, i.path, i.name, i.role, \(time("i.first_seen")) AS first_seen
      FROM image i JOIN thing t ON t.id = i.thing_id
      """),
    view(
      "v_releases",
      "SELECT thing_id AS id, kind, name AS application, version, \(time("released")) AS released FROM application_release"
    ),
    view(
      "v_builds",
      """
      SELECT thing_id AS id, \(Dialect.hex("digest")) AS digest, release_id, platform, compiler, builder,
      \(time("built")) AS built FROM build
      """),
    view(
      "v_artifacts",
      "SELECT thing_id AS id, build_id, path, size, \(Dialect.hex("sha256")) AS sha256, git_blob, kind FROM artifact"),
    view("v_sources", "SELECT thing_id AS id, repository, path, \(time("created")) AS created FROM source"),
    view(
      "v_revisions",
      """
      SELECT r.thing_id AS id, r.source_id, s.repository, s.path, r.revision_commit AS revision, r.blob, r.author,
      \(time("r.revised")) AS revised, r.earlier, r.uncommitted FROM revision r JOIN source s ON s.thing_id = r.source_id
      """),
    view(
      "v_links",
      """
      SELECT l.id, f.kind AS from_kind, f.key AS from_key, t.kind AS to_kind, t.key AS to_key, l.from_id, l.to_id,
      \(time("l.valid_from")) AS valid_from, \(time("l.valid_to")) AS valid_to, \(origin("l.origin")) AS origin,
      l.confidence, l.evidence_group FROM link l JOIN thing f ON f.id = l.from_id JOIN thing t ON t.id = l.to_id
      """),
    view(
      "v_claims",
      """
      SELECT c.id, c.link_id, \(origin("c.origin")) AS origin, c.confidence, c.rule, c.rule_version, c.inventory_id,
      e.id AS event, coalesce(c.evidence, s.evidence) AS evidence FROM claim c
      LEFT JOIN sighting s ON s.id = c.sighting_id LEFT JOIN event e ON e.seq = c.event_seq
      """),
    view(
      "v_events",
      "SELECT seq, id, kind, \(time("at")) AS at, \(time("received")) AS received, reporter, body FROM event"),
    view(
      "v_reboots",
      "SELECT r.host_id, h.name AS host, \(time("r.at")) AS at, r.expected FROM reboot r JOIN host h ON h.thing_id = r.host_id"
    ),
    view(
      "v_settings",
      """
      SELECT x.vm_id, v.uuid, v.name, x.key, x.value, \(time("x.valid_from")) AS valid_from,
      \(time("x.valid_to")) AS valid_to FROM vm_setting x JOIN vm v ON v.thing_id = x.vm_id
      """),
    view(
      "v_hosts_vms_now",
      "SELECT h.thing_id AS host_id, h.name AS host, l.to_id AS vm_id FROM host h \(now("l", "h.thing_id"))"),
    view("v_vms_images_now", "SELECT v.thing_id AS vm_id, l.to_id AS image_id FROM vm v \(now("l", "v.thing_id"))"),
    view(
      "v_images_releases_now",
      """
      SELECT i.thing_id AS image_id, l.to_id AS release_id, r.name AS application, r.version,
      \(origin("l.origin")) AS origin, l.confidence FROM image i \(now("l", "i.thing_id"))
      JOIN application_release r ON r.thing_id = l.to_id
      """),
    view(
      "v_releases_sources",
      """
      SELECT b.release_id, b.thing_id AS build_id, a.thing_id AS artifact_id, r.thing_id AS revision_id, r.source_id,
      s.path AS source, r.revision_commit AS revision, r.author FROM build b
      JOIN artifact a ON a.build_id = b.thing_id JOIN link l ON l.from_id = a.thing_id
      JOIN revision r ON r.thing_id = l.to_id JOIN source s ON s.thing_id = r.source_id
      """),
    view(
      "v_hosts_sources",
      """
      SELECT h.host, h.vm_id, i.image_id, r.application, r.version, s.source, s.source_id, s.revision, s.author
      FROM v_hosts_vms_now h JOIN v_vms_images_now i ON i.vm_id = h.vm_id
      JOIN v_images_releases_now r ON r.image_id = i.image_id JOIN v_releases_sources s ON s.release_id = r.release_id
      """),
  ]

private func view(_ name: String, _ select: String) -> String { "CREATE VIEW \(name) AS \(select)" }
private func time(_ column: String) -> String { Dialect.iso8601(column) }

private func origin(_ column: String) -> String {
  "CASE \(column) WHEN 1 THEN 'captured' WHEN 2 THEN 'declared' ELSE 'inferred' END"
}

/// Links that have not ended.
private func now(_ alias: String, _ from: String) -> String {
  "JOIN link \(alias) ON \(alias).from_id = \(from) AND \(alias).valid_to = \(Dialect.forever)"
}
