#!/usr/bin/env python3
"""Checks a ledger of format 1 or 2 (SQLite) without any code of Weihe: docs/ledger.md is all it follows.

    python3 docs/verify_ledger.py DATA/ledger.db [NUMBER:HASH]

NUMBER:HASH is a head that was kept elsewhere: the ledger must hold that commit with that hash. Exit code 0: the ledger is whole; 1: it is not, each fault in a sentence; 2: it could not be read.
"""

import hashlib
import pathlib
import sqlite3
import sys

try:
    import tomllib
except ImportError:  # Before Python 3.11: the datasets of the release are taken as they are.
    tomllib = None

OWN_COLUMNS = ["record_id", "unit_id", "since", "until", "effective_from", "effective_to"]
# Personal fields are sealed, one blob a level; the chain covers the digests.
LEVELS = ["personal", "sensitive"]
SEALED_COLUMNS = [f"{what}_{level}" for level in LEVELS for what in ("sealed", "digest")]
NO_PARENT = bytes(32)
OVERLAY = "overlay/"
# The datasets whose records are units, each with the field that names the unit above.
UNITS = {"education_unit": "parent", "institution": "unit"}
NEVER = float("inf")


def int_(number):
    return number.to_bytes(8, "big", signed=True)


def opt(number):
    return b"\x00" if number is None else b"\x01" + int_(number)


def bytes_(value):
    return int_(len(value)) + value


def str_(text):
    return bytes_(text.encode("utf-8", "surrogateescape"))


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def field(name, value):
    if value is None:
        return b""
    if isinstance(value, int):
        return str_(name) + b"i" + int_(value)
    if isinstance(value, str):
        return str_(name) + b"t" + str_(value)
    if isinstance(value, bytes):
        return str_(name) + b"b" + bytes_(value)
    return str_(name) + b"?"  # No ledger holds other values; the root will not follow.


def written_leaf(dataset, row):
    others = OWN_COLUMNS + SEALED_COLUMNS
    names = sorted((name for name in row.keys() if name not in others), key=str.encode)
    return sha(
        b"\x00O", str_(dataset), int_(row["record_id"]), int_(row["unit_id"]),
        int_(row["effective_from"]), opt(row["effective_to"]),
        *(field(name, row[name]) for name in names),
        *(part(level, row) for level in LEVELS),
    )


def part(level, row):
    """What is sealed of a level: its digest alone, whether or not the blob is still there."""
    column = f"digest_{level}"
    digest = row[column] if column in row.keys() else None
    if digest is None:
        return b""
    return str_(level) + b"d" + bytes_(digest if isinstance(digest, bytes) else str(digest).encode())


def closed_leaf(dataset, row):
    return sha(b"\x00C", str_(dataset), int_(row["record_id"]), int_(row["since"]), int_(row["effective_from"]))


def root_of(leaves):
    if not leaves:
        return sha(b"\x02")
    level = sorted(leaves)
    while len(level) > 1:
        pairs = [level[at:at + 2] for at in range(0, len(level), 2)]
        level = [sha(b"\x01", *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def hash_of(commit):
    origin = b"\x00"
    if commit["origin_node"] is not None:
        origin = (b"\x01" + str_(commit["origin_node"]) + int_(commit["origin_number"])
                  + bytes_(commit["origin_hash"]))
    return sha(
        b"\x03", int_(commit["number"]), int_(commit["time"]), str_(commit["node"]), str_(commit["actor"]),
        str_(commit["dataset"]), opt(commit["unit"]), str_(commit["reason"]), str_(commit["source_kind"]),
        str_(commit["source_name"]), opt(commit["import_id"]), origin, opt(commit["reverses"]),
        str_(commit["definitions_version"]), str_(commit["definitions_hash"]), int_(commit["opened"]),
        int_(commit["closed"]), str_(commit["idempotency_key"] or ""), bytes_(commit["root"]),
        bytes_(commit["parent"]),
    )


def is_ignored(path):
    name = path.rsplit("/", 1)[-1]
    return name.startswith(".") or name.endswith(("~", ".md"))


def definitions_hash(files):
    """The hash of definitions from their files, path and bytes; those of an overlay under `overlay/`."""
    parts = []
    for layer in ("base", "overlay"):
        in_layer = [(path, content) for path, content in files if path.startswith(OVERLAY) == (layer == "overlay")]
        paths = [(path.removeprefix(OVERLAY), content) for path, content in in_layer]
        for path, content in sorted(paths, key=lambda file: file[0].encode()):
            if not is_ignored(path):
                parts += [str_(layer), str_(path), bytes_(content)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def self_units(files):
    """The datasets whose records are units, as the definitions say."""
    if tomllib is None:
        return UNITS
    found = {}
    for path, content in files:
        if "datasets/" in path and path.endswith(".toml"):
            try:
                dataset = tomllib.loads(content.decode("utf-8-sig"))
            except ValueError:
                return UNITS  # That they were altered is a fault of their own.
            unit = dataset.get("unit")
            if isinstance(unit, dict) and "self" in unit:
                found[dataset["name"]] = unit["self"]
    return found or UNITS


def lives(rows):
    """Per unit and stretch (first day, end, parent), between which commits it was known, joined."""
    units = {}
    for unit, start, end, parent, since, until in rows:
        known = units.setdefault(unit, {}).setdefault((start, end, parent), [])
        known.append((since, NEVER if until is None else until))
    for stretches in units.values():
        for stretch, known in stretches.items():
            joined = []
            for since, until in sorted(known):
                if joined and since <= joined[-1][1]:
                    joined[-1] = (joined[-1][0], max(joined[-1][1], until))
                else:
                    joined.append((since, until))
            stretches[stretch] = joined
    return units


class Ledger:
    def __init__(self, path):
        self.db = sqlite3.connect(pathlib.Path(path).resolve().as_uri() + "?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        # Bytes that someone stored as text are a fault of their commit, not of the file.
        self.db.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        self.faults = []
        self.versions = 0

    def rows(self, statement, *values):
        return self.db.execute(statement, values)

    def datasets(self):
        tables = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 2) = 'd_'")
        return sorted(row["name"][2:] for row in tables)

    def check(self):
        """Reads everything in one transaction; a running program may go on writing."""
        self.db.execute("BEGIN")
        self.datasets_held = self.datasets()
        before = None
        for commit in self.rows("SELECT * FROM commit_log ORDER BY number").fetchall():
            self.check_entry(commit, before)
            self.check_rows(commit)
            before = commit
        last = before["number"] if before else 0
        head = self.rows("SELECT number, time, hash FROM head WHERE id = 1").fetchone()
        if head["number"] != last:
            self.faults.append(f"The head names commit {head['number']}, but the log ends with commit {last}.")
        elif head["hash"] != (before["hash"] if before else NO_PARENT):
            self.faults.append("The head does not carry the hash of the last commit.")
        elif before and head["time"] != before["time"]:
            self.faults.append("The head does not carry the time of the last commit.")
        for dataset in self.datasets_held:
            self.check_dataset(dataset, last)
        self.check_next_record()
        self.check_units(self.check_definitions(before))
        return head

    def check_next_record(self):
        following = self.rows("SELECT next_record FROM head WHERE id = 1").fetchone()[0]
        highest = max((self.rows(f'SELECT max(record_id) FROM "d_{dataset}"').fetchone()[0] or 0
                       for dataset in self.datasets_held), default=0)
        if highest >= following:
            self.faults.append(f"The next record id is {following}, but {highest} is in use.")

    def check_definitions(self, last):
        """Answers the files of the last commit."""
        files_of_last = []
        for (named,) in self.rows("SELECT DISTINCT definitions_hash FROM commit_log").fetchall():
            rows = self.rows("SELECT path, content FROM definition_file WHERE hash = ?", named)
            files = [(row["path"], row["content"]) for row in rows]
            if not files:
                self.faults.append(f"The files of the definitions {named} are not kept.")
            elif definitions_hash(files) != named:
                self.faults.append(f"The files kept of the definitions {named} do not give that hash.")
            if last and named == last["definitions_hash"]:
                files_of_last = files
        return files_of_last

    def check_units(self, files):
        told = []
        for dataset, parent in self_units(files).items():
            if dataset in self.datasets_held:
                told += self.rows(f'SELECT record_id, effective_from, effective_to, "{parent}", since, until '
                                  f'FROM "d_{dataset}"').fetchall()
        records = lives(tuple(row) for row in told)
        kept = lives(tuple(row) for row in self.rows(
            "SELECT id, effective_from, effective_to, parent, since, until FROM unit"))
        for unit in sorted(records.keys() | kept.keys()):
            if records.get(unit) != kept.get(unit):
                self.faults.append(f"The table of units differs from the records of unit {unit}.")

    def check_expected(self, expected):
        number, _, named = expected.partition(":")
        if not number.isdigit() or len(named) != 64:
            raise ValueError(f"{expected} is not NUMBER:HASH")
        row = self.rows("SELECT hash FROM commit_log WHERE number = ?", int(number)).fetchone()
        if row is None or row["hash"].hex() != named.lower():
            self.faults.append(f"The ledger does not hold commit {number} with the expected hash.")

    def check_entry(self, commit, before):
        number = commit["number"]
        expected = before["number"] + 1 if before else 1
        if number != expected:
            self.faults.append(f"Commit {expected} is missing: {number} follows in its place.")
        if commit["parent"] != (before["hash"] if before else NO_PARENT):
            self.faults.append(f"Commit {number} does not name the hash of the commit before it.")
        if before and commit["time"] < before["time"]:
            self.faults.append(f"Commit {number} is older than the commit before it.")
        if hash_of(commit) != commit["hash"]:
            self.faults.append(f"Commit {number} says something else than its hash covers.")

    def check_rows(self, commit):
        number, leaves, written, closed = commit["number"], [], 0, 0
        for dataset in self.datasets_held:
            for row in self.rows(f'SELECT * FROM "d_{dataset}" WHERE since = ?', number):
                leaves.append(written_leaf(dataset, row))
                written += 1
            for row in self.rows(f'SELECT * FROM "d_{dataset}" WHERE until = ?', number):
                leaves.append(closed_leaf(dataset, row))
                closed += 1
        self.versions += written + closed
        if (written, closed) != (commit["opened"], commit["closed"]):
            self.faults.append(
                f"Commit {number} says that it wrote {commit['opened']} versions and closed {commit['closed']}; "
                f"{written} and {closed} are stored.")
        elif root_of(leaves) != commit["root"]:
            self.faults.append(f"The rows of commit {number} were changed after it was made.")

    def check_dataset(self, dataset, last):
        strays = self.rows(
            f'SELECT count(*) FROM "d_{dataset}" WHERE since NOT BETWEEN 1 AND ? OR until NOT BETWEEN since + 1 AND ?',
            last, last).fetchone()[0]
        if strays:
            self.faults.append(f"{strays} versions of {dataset} name a commit that cannot have written or closed them.")
        empty = self.rows(
            f'SELECT count(*) FROM "d_{dataset}" WHERE effective_to <= effective_from').fetchone()[0]
        if empty:
            self.faults.append(f"{empty} versions of {dataset} hold on no day.")
        end = record = None
        open_versions = f'SELECT * FROM "d_{dataset}" WHERE until IS NULL ORDER BY record_id, effective_from'
        for row in self.rows(open_versions):
            same = row["record_id"] == record
            if same and (end is None or row["effective_from"] < end):
                self.faults.append(f"Record {record} of {dataset} has two versions for the same days.")
            record, end = row["record_id"], row["effective_to"]


def main(arguments):
    if len(arguments) not in (1, 2):
        print("usage: verify_ledger.py DATA/ledger.db [NUMBER:HASH]", file=sys.stderr)
        return 2
    try:
        ledger = Ledger(arguments[0])
        head = ledger.check()
        if len(arguments) == 2:
            ledger.check_expected(arguments[1])
    except sqlite3.Error as error:
        print(f"{arguments[0]} cannot be read as a ledger: {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{head['number']} commits and {ledger.versions} versions, written and closed ones counted each; "
          f"head {head['number']}:{head['hash'].hex()}")
    for fault in ledger.faults:
        print(fault)
    print("The ledger is not whole." if ledger.faults else "All of it agrees.")
    return 1 if ledger.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
