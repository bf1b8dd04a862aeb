/* What a catalog was told, but for scans: beside projected.sql, what two catalogs with the same facts have alike. */
SELECT 'event', id, kind, at, reporter, body FROM event ORDER BY 2;
SELECT 'subject', t.kind, t.key, e.id, s.at FROM event_subject s JOIN thing t ON t.id = thing_id
JOIN event e ON e.seq = event_seq ORDER BY 2, 3, 4;
SELECT 'understood', e.id, u.name, t.key FROM understood u JOIN event e ON e.seq = event_seq
JOIN thing t ON t.id = u.thing_id ORDER BY 2, 3;
SELECT 'author', name FROM author ORDER BY 2;
