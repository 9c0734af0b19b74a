//! Words on pages: Fluent messages in Chinese and English.
//!
//! Each room keeps `messages/zh-CN.ftl` and `messages/en.ftl` beside its code and hands them over with
//! [`messages!`](crate::messages). Keys start with the room's name (`registry-…`), so that no two rooms
//! use the same one.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The two languages of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 中文, complete and the default.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The value of the `lang` attribute and of the cookie: `zh-CN` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The other one, for the switch.
    pub fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    /// Reads a tag such as `zh`, `zh-Hans-CN` or `en-GB`.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or("");
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The language a request asks for: the cookie `lang` (over https with its prefix), else the first known of
    /// `Accept-Language`, else Chinese.
    pub fn of_request(headers: &HeaderMap) -> Self {
        let from_cookie = cookie(headers, "__Host-lang")
            .or_else(|| cookie(headers, "lang"))
            .and_then(Self::parse);
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        from_cookie
            .or_else(|| {
                accepted
                    .split(',')
                    .find_map(|one| Self::parse(one.split(';').next().unwrap_or("").trim()))
            })
            .unwrap_or_default()
    }

    fn identifier(self) -> LanguageIdentifier {
        LanguageIdentifier::from_bytes(self.tag().as_bytes()).unwrap_or_default()
    }
}

/// The value of a request cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            pair.trim()
                .split_once('=')
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
        })
}

/// The messages of one room.
#[derive(Clone, Copy, Debug)]
pub struct RoomMessages {
    /// The room, for reports.
    pub room: &'static str,
    /// The text of `zh-CN.ftl`.
    pub chinese: &'static str,
    /// The text of `en.ftl`.
    pub english: &'static str,
}

/// The messages of the calling crate, from `messages/zh-CN.ftl` and `messages/en.ftl` in its folder.
#[macro_export]
macro_rules! messages {
    ($room:literal) => {
        $crate::RoomMessages {
            room: $room,
            chinese: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/messages/zh-CN.ftl")),
            english: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/messages/en.ftl")),
        }
    };
}

/// All messages of the program. Made once at start; [`Catalogue::problems`] must be empty, which a test
/// of the program asserts.
pub struct Catalogue {
    chinese: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
    problems: Vec<String>,
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Catalogue")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The shell's own words and those of the given rooms.
    pub fn new(rooms: Vec<RoomMessages>) -> Arc<Self> {
        let mut catalogue = Self {
            chinese: bundle(Language::Chinese),
            english: bundle(Language::English),
            problems: Vec::new(),
        };
        let shell = crate::messages!("ui");
        for room in std::iter::once(shell).chain(rooms) {
            catalogue.add(room);
        }
        Arc::new(catalogue)
    }

    fn add(&mut self, room: RoomMessages) {
        let zh = add_resource(
            &mut self.chinese,
            room.room,
            "zh-CN",
            room.chinese,
            &mut self.problems,
        );
        let en = add_resource(
            &mut self.english,
            room.room,
            "en",
            room.english,
            &mut self.problems,
        );
        for key in zh.difference(&en) {
            self.problems.push(format!(
                "{}: {key} is in zh-CN.ftl but not in en.ftl",
                room.room
            ));
        }
        for key in en.difference(&zh) {
            self.problems.push(format!(
                "{}: {key} is in en.ftl but not in zh-CN.ftl",
                room.room
            ));
        }
    }

    /// What is wrong: text that is not Fluent, keys in one language only, keys that two rooms use.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The words in one language.
    pub fn text(self: &Arc<Self>, language: Language) -> Text {
        Text {
            catalogue: Arc::clone(self),
            language,
        }
    }

    fn bundle(&self, language: Language) -> &FluentBundle<FluentResource> {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    bundle.set_use_isolating(false);
    bundle
}

fn add_resource(
    bundle: &mut FluentBundle<FluentResource>,
    room: &str,
    file: &str,
    source: &str,
    problems: &mut Vec<String>,
) -> BTreeSet<String> {
    let resource =
        FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, errors)| {
            problems.extend(
                errors
                    .iter()
                    .map(|error| format!("{room}: {file}.ftl: {error}")),
            );
            resource
        });
    // Of a message `key = …` the identifier stands at the start of a line.
    let keys: BTreeSet<String> = source
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim_end())
        .filter(|key| key.starts_with(|first: char| first.is_ascii_alphabetic()))
        .filter(|key| {
            key.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
        .map(str::to_owned)
        .collect();
    if let Err(errors) = bundle.add_resource(resource) {
        problems.extend(
            errors
                .iter()
                .map(|error| format!("{room}: {file}.ftl: {error}")),
        );
    }
    keys
}

/// The words in the reader's language. Cheap to clone. As an axum extractor it needs the layer
/// `Extension(Arc<Catalogue>)`.
#[derive(Clone, Debug)]
pub struct Text {
    catalogue: Arc<Catalogue>,
    language: Language,
}

impl Text {
    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The message of this key. A key that is nowhere is shown itself, in ⟨⟩; one that only the other
    /// language has is shown in the other language.
    pub fn get(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The message of this key with its placeholders filled. Numbers written as text stay as they are.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set(*name, FluentValue::from(*value));
        }
        self.format(key, Some(&arguments))
    }

    /// The message of this key with a whole number `n`: `n` chooses the plural form and is shown with
    /// thin separators as `{ $shown }`.
    pub fn count(&self, key: &str, n: i64) -> String {
        let mut arguments = FluentArgs::with_capacity(2);
        arguments.set("n", FluentValue::from(n));
        arguments.set("shown", FluentValue::from(crate::format::integer(n)));
        self.format(key, Some(&arguments))
    }

    /// Whether there is a message of this key.
    pub fn has(&self, key: &str) -> bool {
        self.catalogue.bundle(self.language).has_message(key)
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        for language in [self.language, self.language.other()] {
            let bundle = self.catalogue.bundle(language);
            let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
                continue;
            };
            let mut errors = Vec::new();
            return bundle
                .format_pattern(pattern, arguments, &mut errors)
                .into_owned();
        }
        format!("⟨{key}⟩")
    }
}

impl<S: Sync> FromRequestParts<S> for Text {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let catalogue = parts.extensions.get::<Arc<Catalogue>>().ok_or((
            StatusCode::INTERNAL_SERVER_ERROR,
            "the message catalogue is not in the request extensions",
        ))?;
        Ok(catalogue.text(Language::of_request(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(chinese: &'static str, english: &'static str) -> RoomMessages {
        RoomMessages {
            room: "sample",
            chinese,
            english,
        }
    }

    #[test]
    fn the_shells_words_are_complete_in_both_languages() {
        assert_eq!(Catalogue::new(vec![]).problems(), [] as [String; 0]);
    }

    #[test]
    fn a_key_in_one_language_only_is_a_problem() {
        let catalogue = Catalogue::new(vec![room(
            "sample-a = 甲\nsample-b = 乙\n",
            "sample-a = A\n",
        )]);
        assert_eq!(
            catalogue.problems(),
            ["sample: sample-b is in zh-CN.ftl but not in en.ftl"]
        );
    }

    #[test]
    fn a_key_that_two_rooms_use_is_a_problem() {
        let catalogue = Catalogue::new(vec![
            room("sample-a = 甲", "sample-a = A"),
            room("sample-a = 乙", "sample-a = B"),
        ]);
        assert_eq!(catalogue.problems().len(), 2);
    }

    #[test]
    fn a_missing_key_is_visible() {
        let text = Catalogue::new(vec![]).text(Language::Chinese);
        assert_eq!(text.get("no-such-key"), "⟨no-such-key⟩");
    }

    #[test]
    fn placeholders_and_plurals_are_filled() {
        let catalogue = Catalogue::new(vec![room(
            "sample-n = 共 { $shown } 所\nsample-who = { $name }好",
            "sample-n = { $n ->\n    [one] one school\n   *[other] { $shown } schools\n }\nsample-who = Hello { $name }",
        )]);
        assert_eq!(catalogue.problems(), [] as [String; 0]);
        assert_eq!(
            catalogue.text(Language::Chinese).count("sample-n", 14_961),
            "共 14,961 所"
        );
        assert_eq!(
            catalogue.text(Language::English).count("sample-n", 1),
            "one school"
        );
        assert_eq!(
            catalogue.text(Language::English).count("sample-n", 14_961),
            "14,961 schools"
        );
        assert_eq!(
            catalogue
                .text(Language::English)
                .with("sample-who", &[("name", "王")]),
            "Hello 王"
        );
    }

    #[test]
    fn the_cookie_wins_over_the_browsers_languages() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of_request(&headers), Language::Chinese);
        headers.insert(
            header::ACCEPT_LANGUAGE,
            "fr;q=0.9, en-GB, zh".parse().unwrap(),
        );
        assert_eq!(Language::of_request(&headers), Language::English);
        headers.insert(header::COOKIE, "a=b; lang=zh-CN".parse().unwrap());
        assert_eq!(Language::of_request(&headers), Language::Chinese);
        let both = "lang=zh-CN; __Host-lang=en";
        headers.insert(header::COOKIE, both.parse().unwrap());
        assert_eq!(Language::of_request(&headers), Language::English);
    }
}
