"""The corp's RSA pairs by version of the public key, and which of the private ones its admin still has."""

from wecrm.sandbox.world import World

BITS = 2048
PUBLIC = "archive.public_key"


def held_by_admin(world: World) -> dict[int, bytes]:
    """The private keys (PEM, PKCS#8) by version, without those withheld."""
    with world.db.lock:
        rows = world.db.connection.execute("SELECT version FROM archive_key WHERE NOT withheld ORDER BY version")
        versions = [version for (version,) in rows.fetchall()]
    return {version: private_pem(world, version) for version in versions}


def current(world: World) -> int:
    """The version that seals what is said now; 0 = the console has no public key."""
    if world.setting(PUBLIC) is False:
        return 0
    with world.db.lock:
        return int(world.db.connection.execute("SELECT max(version) FROM archive_key").fetchone()[0])


def private_pem(world: World, version: int) -> bytes:
    """The private key of a version, made if nobody has asked for it before."""
    with world.writing() as db:
        row = db.execute("SELECT private FROM archive_key WHERE version = ?", (version,)).fetchone()
        if row is None:
            raise ValueError(f"no public key was ever uploaded as version {version}")
        if row[0] is None:
            row = (new_pem(),)
            db.execute("UPDATE archive_key SET private = ? WHERE version = ?", (*row, version))
    return bytes(row[0])


def new_pem() -> bytes:
    """A private key that nobody had before."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, BITS).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def rotate(world: World) -> int:
    """Upload a new public key, which seals what is said from now on; its version."""
    with world.writing() as db:
        version = db.execute(
            "INSERT INTO archive_key SELECT max(version) + 1, ?, NULL, 0 FROM archive_key RETURNING version",
            (world.now(),),
        ).fetchone()[0]
        world.store(PUBLIC, True)
    return int(version)


def withhold(world: World, version: int, withheld: bool) -> None:
    """The admin loses the private key of a version, or finds it again."""
    with world.writing() as db:
        sql = "UPDATE archive_key SET withheld = ? WHERE version = ?"
        if not db.execute(sql, (withheld, version)).rowcount:
            raise ValueError(f"no public key was ever uploaded as version {version}")


def remove(world: World) -> None:
    """Take the public key out of the console: nothing more is archived."""
    world.store(PUBLIC, False)
