//! The answer to an address whose day is no day: what it says, how a day is written, and a form that asks
//! again with everything else in the address kept.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::error_page::ErrorPage;
use crate::field::{Field, Input};
use crate::form::FormState;
use crate::shell::Shell;
use crate::show::button;

/// What is shown of a text that was meant as a day.
const SHOWN: usize = 40;

/// A part of an address that should be a day and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongDay {
    /// The key in the address: `as_of` or `known_on`.
    pub key: &'static str,
    /// What stands there.
    pub said: String,
}

/// For programs and logs.
impl std::fmt::Display for WrongDay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} is a day such as 2025-09-01, not {:?}",
            self.key, self.said
        )
    }
}

impl WrongDay {
    /// The key with what stands there.
    pub fn new(key: &'static str, said: &str) -> Self {
        Self {
            key,
            said: said.chars().take(SHOWN).collect(),
        }
    }

    /// The page: status 400, the room's stable code.
    pub fn into_response(self, shell: Shell, code: &str) -> Response {
        let text = shell.text.clone();
        let url = shell.url.clone();
        let label = if self.key == "as_of" {
            text.get("ui-as-of")
        } else {
            text.get("ui-as-known-on")
        };
        let page = ErrorPage {
            status: StatusCode::BAD_REQUEST,
            code: code.to_owned(),
            title: text.get("ui-wrong-day-title"),
            sentence: text.with("ui-wrong-day", &[("label", &label), ("said", &self.said)]),
            operation: None,
        };
        let kept = url.without(self.key);
        let form = html! {
            form method="get" action=(url.path()) {
                @for (key, value) in kept.pairs().iter().filter(|(_, value)| !value.is_empty()) {
                    input type="hidden" name=(key) value=(value);
                }
                (Field::new(self.key, label).input(Input::Date).render(&text, &FormState::new()))
                (button(&text.get("ui-apply"), true))
            }
            p { a href=(kept) { (text.get("ui-wrong-day-without")) } }
        };
        page.page_with(shell, form).into_response()
    }
}

#[cfg(test)]
mod tests {
    use crate::text::{Catalogue, Language};
    use crate::{Frame, Shell};

    use super::*;

    #[tokio::test]
    async fn it_says_what_is_wrong_and_keeps_the_rest_of_the_address() {
        let text = Catalogue::new(Vec::new()).text(Language::Chinese);
        let shell = Shell::new(
            text,
            "/list?q=%E5%B0%8F&as_of=gestern%3Cb%3E&page=2",
            Frame::default(),
        );
        let answer = WrongDay::new("as_of", "gestern<b>").into_response(shell, "room.day");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap();
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        for words in [
            "“gestern&lt;b&gt;”不是日期",
            "2025-09-01",
            "room.day",
            r#"<input type="hidden" name="q" value="小">"#,
            r#"<input type="hidden" name="page" value="2">"#,
            r#"name="as_of""#,
            r#"href="/list?q=%E5%B0%8F&amp;page=2""#,
        ] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
        assert!(!html.contains('⟨'), "{html}");
    }
}
