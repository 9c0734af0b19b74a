//! The canonical encoding of ledger format 2 and the hashes over it. docs/ledger.md is the
//! description for other implementations; the test vectors there are the tests below. Pure.

use kernel::{CommitNumber, Day, RecordId, UnitId, Value};
use sha2::{Digest, Sha256};

use super::model::{Commit, Version};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Hash of the commit before the first.
pub(super) const NO_PARENT: Hash = [0; 32];

const LEAF: u8 = 0x00;
const NODE: u8 = 0x01;
const EMPTY: u8 = 0x02;
const COMMIT: u8 = 0x03;
const SEALED: u8 = 0x04;

/// Collects the bytes of one encoding; reused from row to row.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    fn start(&mut self, domain: u8) {
        self.bytes.clear();
        self.bytes.push(domain);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes
            .extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(bytes);
    }

    fn int(&mut self, number: i64) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn optional_int(&mut self, number: Option<i64>) {
        match number {
            None => self.bytes.push(0),
            Some(number) => {
                self.bytes.push(1);
                self.int(number);
            }
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        let tag = match value {
            Value::Null => return,
            Value::Int(_) => b'i',
            Value::Text(_) => b't',
            Value::Bytes(_) => b'b',
        };
        self.text(name);
        self.bytes.push(tag);
        match value {
            Value::Null => {}
            Value::Int(number) => self.int(*number),
            Value::Text(text) => self.text(text),
            Value::Bytes(bytes) => self.bytes(bytes),
        }
    }

    fn finish(&self) -> Hash {
        Sha256::digest(&self.bytes).into()
    }

    /// The leaf of a version that was written. `fields` gives the dataset's field names and the place
    /// of each in `values`, in ascending order of the names; empty fields are omitted.
    pub(super) fn opened(
        &mut self,
        dataset: &str,
        fields: &[(String, usize)],
        stretch: OpenedStretch<'_>,
    ) -> Hash {
        self.start(LEAF);
        self.bytes.push(b'O');
        self.text(dataset);
        self.int(stretch.record.get());
        self.int(stretch.unit.get());
        self.int(i64::from(stretch.from.get()));
        self.optional_int(stretch.to.map(|day| i64::from(day.get())));
        for (name, position) in fields {
            if let Some(value) = stretch.values.get(*position) {
                self.value(name, value);
            }
        }
        for (level, digest) in stretch.digests {
            self.text(level);
            self.bytes.push(b'd');
            self.bytes(digest);
        }
        self.finish()
    }

    /// The bytes that are sealed of one level: its fields that are filled, in ascending order of their names; `None`
    /// where none is.
    pub(super) fn sealed<'v>(
        &mut self,
        fields: impl Iterator<Item = (&'v str, &'v Value)>,
    ) -> Option<&[u8]> {
        self.start(SEALED);
        for (name, value) in fields {
            self.value(name, value);
        }
        (self.bytes.len() > 1).then_some(self.bytes.as_slice())
    }

    /// Overwrites what it holds: after plain values of persons went through it.
    pub(super) fn wipe(&mut self) {
        self.bytes.fill(0);
        self.bytes.clear();
    }

    /// The leaf of a version that was closed.
    pub(super) fn closed(
        &mut self,
        dataset: &str,
        record: RecordId,
        since: CommitNumber,
        from: Day,
    ) -> Hash {
        self.start(LEAF);
        self.bytes.push(b'C');
        self.text(dataset);
        self.int(record.get());
        self.int(since.get());
        self.int(i64::from(from.get()));
        self.finish()
    }

    /// The hash of a commit: over everything it says but the hash itself.
    pub(super) fn commit(&mut self, commit: &Commit) -> Hash {
        self.start(COMMIT);
        self.int(commit.number.get());
        self.int(commit.time.get());
        self.text(&commit.node);
        self.text(&commit.actor);
        self.text(&commit.dataset);
        self.optional_int(commit.unit.map(UnitId::get));
        self.text(&commit.source.reason);
        self.text(&commit.source.kind);
        self.text(&commit.source.name);
        self.optional_int(commit.source.import);
        match &commit.source.origin {
            None => self.bytes.push(0),
            Some(origin) => {
                self.bytes.push(1);
                self.text(&origin.node);
                self.int(origin.number);
                self.bytes(&origin.hash);
            }
        }
        self.optional_int(commit.source.reverses.map(CommitNumber::get));
        self.text(&commit.definitions.0);
        self.text(&commit.definitions.1);
        self.int(commit.opened);
        self.int(commit.closed);
        self.text(commit.idempotency_key.as_deref().unwrap_or_default());
        self.bytes(&commit.root);
        self.bytes(&commit.parent);
        self.finish()
    }
}

/// What the leaf of a written version covers.
#[derive(Debug, Clone)]
pub(super) struct OpenedStretch<'a> {
    /// The record.
    pub record: RecordId,
    /// The unit it is judged by.
    pub unit: UnitId,
    /// First day.
    pub from: Day,
    /// The day after the last.
    pub to: Option<Day>,
    /// One value a field; those of sealed fields are passed over.
    pub values: &'a [Value],
    /// The levels that have something sealed, the less sensitive first, each with the digest of it.
    pub digests: Vec<(&'static str, &'a [u8])>,
}

impl<'a> From<&'a Version> for OpenedStretch<'a> {
    fn from(version: &'a Version) -> Self {
        OpenedStretch {
            record: version.record,
            unit: version.unit,
            from: version.from,
            to: version.to,
            values: &version.values,
            digests: version
                .sealed
                .iter()
                .filter_map(|part| Some((part.level.as_str(), part.digest.as_deref()?)))
                .collect(),
        }
    }
}

/// The root over a commit's leaves. The leaves are a set: they are sorted by their bytes, paired from
/// the left, and a last one without a partner moves up as it is.
pub(super) fn root(mut leaves: Vec<Hash>) -> Hash {
    leaves.sort_unstable();
    if leaves.is_empty() {
        return Sha256::digest([EMPTY]).into();
    }
    while leaves.len() > 1 {
        leaves = leaves
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut hasher = Sha256::new();
                    hasher.update([NODE]);
                    hasher.update(left);
                    hasher.update(right);
                    hasher.finalize().into()
                }
                single => single.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    leaves.first().copied().unwrap_or_default()
}

/// The fields in the bytes that [`Encoder::sealed`] made; `None` where they are not such bytes.
pub(super) fn sealed_fields(plain: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut rest = Reader(plain);
    if rest.take(1)? != [SEALED] {
        return None;
    }
    let mut fields = Vec::new();
    while !rest.0.is_empty() {
        let name = rest.text()?;
        let value = match rest.take(1)? {
            [b'i'] => Value::Int(i64::from_be_bytes(rest.take(8)?.try_into().ok()?)),
            [b't'] => Value::Text(rest.text()?),
            [b'b'] => Value::Bytes(rest.bytes()?.to_vec()),
            _ => return None,
        };
        fields.push((name, value));
    }
    Some(fields)
}

/// Takes an encoding apart from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = u64::from_be_bytes(self.take(8)?.try_into().ok()?);
        self.take(usize::try_from(length).ok()?)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

/// Lower-case hexadecimal.
pub fn hex(hash: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(hash.len() * 2);
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(values: &[Value]) -> Hash {
        let fields = vec![("code".to_owned(), 1), ("name".to_owned(), 0)];
        Encoder::default().opened(
            "institution",
            &fields,
            OpenedStretch {
                record: RecordId::new(7),
                unit: UnitId::new(3),
                from: Day::new(0),
                to: None,
                values,
                digests: Vec::new(),
            },
        )
    }

    /// The vectors of docs/ledger.md.
    #[test]
    fn the_encoding_is_that_of_format_1() {
        let with_both = leaf(&[
            Value::Text("渭河小学".into()),
            Value::Text("2161000001".into()),
        ]);
        let without_code = leaf(&[Value::Text("渭河小学".into()), Value::Null]);
        let closed = Encoder::default().closed(
            "institution",
            RecordId::new(7),
            CommitNumber::new(1),
            Day::new(0),
        );
        insta::assert_snapshot!(format!(
            "both      {}\nno code   {}\nclosed    {}\nempty     {}\nroot of 3 {}",
            hex(&with_both),
            hex(&without_code),
            hex(&closed),
            hex(&root(Vec::new())),
            hex(&root(vec![with_both, without_code, closed])),
        ),);
    }

    /// The vectors of docs/ledger.md for personal fields.
    #[test]
    fn the_encoding_of_sealed_parts_is_that_of_format_2() {
        let number = Value::Text("619999201502301230".into());
        let day = Value::Int(16_496);
        let fields = [
            ("birth_date", &day),
            ("document_number", &number),
            ("sex", &Value::Null),
        ];
        let mut encoder = Encoder::default();
        let plain = encoder.sealed(fields.into_iter()).unwrap().to_vec();
        assert_eq!(
            sealed_fields(&plain).unwrap(),
            [
                ("birth_date".to_owned(), day),
                ("document_number".to_owned(), number)
            ]
        );
        assert!(
            encoder
                .sealed([("sex", &Value::Null)].into_iter())
                .is_none()
        );
        assert!(sealed_fields(plain.get(..plain.len() - 1).unwrap()).is_none());
        let digest = [7; 32];
        let leaf = Encoder::default().opened(
            "person",
            &[("school".to_owned(), 0)],
            OpenedStretch {
                record: RecordId::new(7),
                unit: UnitId::new(3),
                from: Day::new(0),
                to: None,
                values: &[Value::Int(3)],
                digests: vec![("personal", &digest), ("sensitive", &digest)],
            },
        );
        insta::assert_snapshot!(format!("plain {}\nleaf  {}", hex(&plain), hex(&leaf)));
    }

    #[test]
    fn the_root_does_not_depend_on_the_order_of_rows() {
        let leaves: Vec<Hash> = (0..9u8).map(|n| [n; 32]).collect();
        let mut backwards = leaves.clone();
        backwards.reverse();
        assert_eq!(root(leaves), root(backwards));
    }

    #[test]
    fn every_bit_of_a_value_shows_in_the_leaf() {
        let one = leaf(&[Value::Text("甲".into()), Value::Null]);
        let other = leaf(&[Value::Null, Value::Text("甲".into())]);
        assert_ne!(one, other);
    }
}
