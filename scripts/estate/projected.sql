/* All that a catalog made of what it was told, and what signatures say, by names instead of numbers: two catalogs with the
   same facts give the same text. */
SELECT 'link', f.kind, f.key, t.kind, t.key, l.valid_from, l.valid_to, l.origin, l.confidence,
  CASE WHEN l.evidence_group = 0 THEN '0' ELSE (l.evidence_group % 2) || ' of ' || (
    SELECT t.key || ' ' || received FROM inventory JOIN thing t ON t.id = image_id
    WHERE inventory.id = l.evidence_group / 2) END, (
  SELECT group_concat(text, '; ') FROM (
    SELECT c.rule || ' ' || c.rule_version || ' ' || c.origin || ' ' || c.confidence || ' ' || c.at || ' ' ||
      CASE WHEN c.evidence_group = 0 THEN '0' ELSE (c.evidence_group % 2) || ' of ' || (
        SELECT t.key || ' ' || received FROM inventory JOIN thing t ON t.id = image_id
        WHERE inventory.id = c.evidence_group / 2) END
      || ' ' || coalesce(e.id, '') || ' ' || coalesce(c.evidence, s.evidence, '') AS text
    FROM claim c LEFT JOIN event e ON e.seq = c.event_seq LEFT JOIN sighting s ON s.id = c.sighting_id
    WHERE c.link_id = l.id ORDER BY 1))
FROM link l JOIN thing f ON f.id = l.from_id JOIN thing t ON t.id = l.to_id ORDER BY 2, 3, 4, 5, 6;
SELECT 'life', kind, key, valid_from, valid_to FROM life JOIN thing ON id = thing_id ORDER BY 2, 3, 4;
SELECT 'state', key, state, valid_from, valid_to FROM vm_state JOIN thing ON id = vm_id ORDER BY 2, 4;
SELECT 'setting', t.key, s.key, value, valid_from, valid_to FROM vm_setting s JOIN thing t ON id = vm_id ORDER BY 2, 3, 5;
SELECT 'place', key, host, path, valid_from, valid_to FROM image_place JOIN thing ON id = image_id ORDER BY 2, 5;
SELECT 'reboot', t.key, r.at, expected, e.id FROM reboot r JOIN thing t ON t.id = host_id JOIN event e ON seq = event_seq
ORDER BY 2, 3, 5;
SELECT 'image', key, host, path, name, device, inode, role, first_seen FROM image JOIN thing ON id = thing_id ORDER BY 2;
SELECT 'vm', uuid, name, first_seen FROM vm ORDER BY 2;
SELECT 'host', name, host_group, first_seen FROM host ORDER BY 2;
SELECT 'release', kind, name, version, released FROM application_release
WHERE EXISTS (SELECT 1 FROM link WHERE to_id = thing_id OR from_id = thing_id) ORDER BY 2, 3, 4;
SELECT 'build', hex(digest), r.name, r.version, platform, compiler, builder, built FROM build
JOIN application_release r ON r.thing_id = release_id ORDER BY 2;
SELECT 'artifact', key, path, size, hex(sha256), git_blob, artifact.kind FROM artifact JOIN thing ON id = thing_id ORDER BY 2;
SELECT 'source', key, repository, path, created FROM source JOIN thing ON id = thing_id ORDER BY 2;
SELECT 'revision', r.key, s.key, revision_commit, blob, author, revised, earlier, uncommitted FROM revision
JOIN thing r ON r.id = thing_id JOIN thing s ON s.id = source_id ORDER BY 2;
SELECT 'inheritance', o.kind, o.key, at, d.kind, d.key FROM inheritance JOIN thing o ON o.id = on_id
JOIN thing d ON d.id = dependent_id ORDER BY 2, 3, 4, 5, 6;
