import Foundation
import TestSupport
import Testing

/// All that is projected, by names instead of numbers, as the sqlite3 shell says it: two catalogs that hold the same facts
/// must give the same text.
func dump(_ path: String) throws -> String {
  let inventory = """
    CASE WHEN c.evidence_group = 0 THEN '0' ELSE (c.evidence_group % 2) || ' of ' || (
      SELECT t.key || ' ' || received FROM inventory JOIN thing t ON t.id = image_id
      WHERE inventory.id = c.evidence_group / 2) END
    """
  return try sqlite(
    path,
    """
    SELECT 'link', f.kind, f.key, t.kind, t.key, l.valid_from, l.valid_to, l.origin, l.confidence, (
      SELECT \(inventory.replacing("c.evidence", with: "l.evidence"))), (
      SELECT group_concat(text, '; ') FROM (
        SELECT c.rule || ' ' || c.rule_version || ' ' || c.origin || ' ' || c.confidence || ' ' || \(inventory)
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
    SELECT 'inheritance', o.kind, o.key, at, d.kind, d.key FROM inheritance JOIN thing o ON o.id = on_id
    JOIN thing d ON d.id = dependent_id ORDER BY 2, 3, 4, 5, 6;
    """)
}

/// That a catalog's dump is the expected one; shows only what differs.
func expectSame(_ expected: String, _ path: String, _ place: SourceLocation = #_sourceLocation) throws {
  let (left, right) = (Set(expected.split(separator: "\n")), Set(try dump(path).split(separator: "\n")))
  let differences = left.subtracting(right).map { "- \($0)" } + right.subtracting(left).map { "+ \($0)" }
  #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))", sourceLocation: place)
}
