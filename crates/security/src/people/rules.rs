//! What is authenticated with what, and what is hashed: byte by byte, pure.

use ::crypto::{MacKey, Suite, Zeroizing};
use kernel::RecordId;

use super::model::Place;

/// Purposes of derived keys. A change of meaning is a new number.
pub(crate) const WRAPPING: &[u8] = b"weihe wrapping 1";
pub(crate) const SEALING: &[u8] = b"weihe person sealing 1";
pub(crate) const DIGESTS: &[u8] = b"weihe person digest 1";
pub(crate) const TAGS: &[u8] = b"weihe person tag 1";

/// Bytes that can be read back in one way only: texts with their length, numbers of eight bytes.
struct Context(Vec<u8>);

impl Context {
    fn of(purpose: &str) -> Self {
        Self(Vec::with_capacity(96)).text(purpose)
    }

    fn text(mut self, text: &str) -> Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn number(mut self, number: i64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn suite(mut self, suite: Suite) -> Self {
        self.0.push(suite.number());
        self
    }
}

/// With what a person's key is wrapped: it opens in this row only.
pub(crate) fn person_context(person: RecordId, mark: i64, suite: Suite) -> Vec<u8> {
    let context = Context::of("weihe person key 1");
    context.number(person.get()).number(mark).suite(suite).0
}

/// With what a lookup key is wrapped.
pub(crate) fn lookup_context(version: i64, realm: &str, suite: Suite) -> Vec<u8> {
    let context = Context::of("weihe lookup key 1");
    context.number(version).text(realm).suite(suite).0
}

/// With what the node's key is wrapped.
pub(crate) fn node_context(suite: Suite) -> Vec<u8> {
    Context::of("weihe node key 1").suite(suite).0
}

/// With what a blob of a row is sealed.
pub(crate) fn place_context(person: RecordId, place: &Place<'_>) -> Vec<u8> {
    Context::of("weihe place 1")
        .number(person.get())
        .text(place.dataset)
        .number(place.record.get())
        .text(place.level.as_str())
        .0
}

/// With what an identifier is sealed.
pub(crate) fn identifier_context(person: RecordId, tag: i64) -> Vec<u8> {
    let context = Context::of("weihe identifier 1");
    context.number(person.get()).number(tag).0
}

/// The first eight bytes of the keyed hash of an identifier, as a number: a lookup under the realm's key, a tag
/// under the person's.
pub(crate) fn identifier_hash(key: &MacKey, kind: &str, value: &str) -> i64 {
    let context = Context::of("weihe identifier hash 1").text(kind);
    let mac = key.mac(&[&context.0, value.as_bytes()]);
    mac.first_chunk::<8>()
        .map_or(0, |first| i64::from_be_bytes(*first))
}

/// An identifier as it is sealed: the length of its kind, its kind, its value. `None` for too long a kind.
pub(crate) fn identifier_bytes(kind: &str, value: &str) -> Option<Zeroizing<Vec<u8>>> {
    let length = u8::try_from(kind.len()).ok()?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 + kind.len() + value.len()));
    bytes.push(length);
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(value.as_bytes());
    Some(bytes)
}

/// Kind and value of [`identifier_bytes`].
pub(crate) fn identifier_of(bytes: &[u8]) -> Option<(&str, &str)> {
    let (length, rest) = bytes.split_first()?;
    let (kind, value) = rest.split_at_checked(usize::from(*length))?;
    Some((
        std::str::from_utf8(kind).ok()?,
        std::str::from_utf8(value).ok()?,
    ))
}

/// Whether a text is a code that can stand for the reason of an erasure.
pub(crate) fn is_reason(text: &str) -> bool {
    let is_plain = |letter: u8| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_.-".contains(&letter)
    };
    // Digits alone could be an identifier.
    let has_letter = text.bytes().any(|letter| letter.is_ascii_lowercase());
    (1..=64).contains(&text.len()) && has_letter && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use standard::Sensitivity;

    #[test]
    fn an_identifier_reads_as_it_was_written() {
        let bytes = identifier_bytes("citizen_id", "00000020100506000X").unwrap();
        assert_eq!(
            identifier_of(&bytes),
            Some(("citizen_id", "00000020100506000X"))
        );
        assert!(identifier_bytes(&"k".repeat(256), "").is_none());
        assert_eq!(identifier_of(&[]), None);
        assert_eq!(identifier_of(&[5, b'a']), None);
    }

    #[test]
    fn no_two_places_have_the_same_context() {
        let place = |dataset, record, level| Place {
            dataset,
            record: RecordId::new(record),
            level,
        };
        let contexts = [
            place_context(RecordId::new(1), &place("person", 2, Sensitivity::Personal)),
            place_context(RecordId::new(2), &place("person", 2, Sensitivity::Personal)),
            place_context(RecordId::new(1), &place("person", 1, Sensitivity::Personal)),
            place_context(RecordId::new(1), &place("pupil", 2, Sensitivity::Personal)),
            place_context(
                RecordId::new(1),
                &place("person", 2, Sensitivity::Sensitive),
            ),
        ];
        for (number, context) in contexts.iter().enumerate() {
            assert!(!contexts[number + 1..].contains(context));
        }
    }

    #[test]
    fn a_reason_is_a_code_and_never_a_text() {
        assert!(is_reason("pipl_47_1"));
        for wrong in [
            "",
            "张三",
            "asked by Zhang",
            "00000020100506000",
            &"a".repeat(65),
        ] {
            assert!(!is_reason(wrong), "{wrong}");
        }
    }
}
