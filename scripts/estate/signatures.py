"""The signature files of the estate's builds."""
import hashlib
import json

from facts import artifact, iso, revision


def canonical(value): return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def build_id(signature):
    """SHA-256 of the canonical form (RFC 8785) without id and times."""
    def bare(source): return {k: v for k, v in source.items() if k not in ("created", "revised")}
    artifacts = [a | {"sources": [bare(s) for s in a["sources"]]} for a in signature["artifacts"]]
    kept = {k: v for k, v in signature.items() if k not in ("build", "built")}
    return hashlib.sha256(canonical(kept | {"artifacts": artifacts})).hexdigest()


def signature(application, release):
    artifacts = [artifact(application, release, number) | {"sources": [revision(application, one) for one in used]}
                 for number, used in enumerate(release.artifacts)]
    signature = {"schema": "vmlineage.signature/1", "application": application.name, "release": release.version,
                 "built": iso(release.built), "environment": {"builder": "ci", "compiler": "gcc", "platform": "linux"},
                 "artifacts": artifacts}
    return signature | {"build": build_id(signature)}
