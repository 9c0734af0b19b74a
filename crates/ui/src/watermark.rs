//! What pages and files with personal data bear: who read them, for which unit, and when.
//!
//! The image is drawn by the server as part of the page, with attributes only, so that no style or script
//! stands in the page and an image that is blocked is not missing. It lies over the whole window and on every
//! printed page, and lets every click through.

use maud::{Markup, html};

use crate::shell::Frame;
use crate::text::Text;

/// Between one mark and the next, so that a photograph of any part of a page shows one whole.
const ACROSS: usize = 60;
const DOWN: u32 = 150;
/// The height of the letters.
const LETTER: usize = 15;

fn name(frame: &Frame) -> &str {
    frame.user.as_ref().map_or("", |user| &user.name)
}

fn unit(frame: &Frame) -> &str {
    frame.post.as_ref().map_or("", |post| &post.unit)
}

/// The line that a page or a file bears: `含个人信息… · 王某 · 某市教育局 · 2026-11-25 14:03`, with the trace
/// number of a file that leaves the program.
#[must_use]
pub fn line(text: &Text, frame: &Frame, at: &str, trace: Option<&str>) -> String {
    let line = text.with(
        "ui-personal-line",
        &[("name", name(frame)), ("unit", unit(frame)), ("time", at)],
    );
    match trace {
        Some(trace) => {
            let trace = text.with("ui-personal-trace", &[("trace", trace)]);
            format!("{line} · {trace}")
        }
        None => line,
    }
}

/// The watermark of a page.
#[must_use]
pub fn image(frame: &Frame, at: &str) -> Markup {
    let who = format!("{} {}", name(frame), unit(frame));
    // A Chinese letter is as wide as it is high, any other about half as wide.
    let half = |letter: char| if letter.is_ascii() { 1 } else { 2 };
    let halves: usize = who.chars().map(half).sum::<usize>().max(at.len());
    let width = (halves * LETTER) / 2 + ACROSS;
    html! {
        svg.watermark.on-paper[frame.mark_on_paper_only] width="100%" height="100%" aria-hidden="true" focusable="false" {
            defs {
                pattern id="watermark" width=(width) height=(DOWN) patternUnits="userSpaceOnUse" patternTransform="rotate(-24)" {
                    text x="0" y="40" font-size=(LETTER) { (who) }
                    text x="0" y="60" font-size=(LETTER) { (at) }
                }
            }
            rect width="100%" height="100%" fill="url(#watermark)" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::gallery::sample_frame;
    use crate::{Cache, Catalogue, Frame, Language, Shell};

    fn page(frame: Frame) -> crate::Page {
        let text = Catalogue::new(Vec::new()).text(Language::Chinese);
        Shell::new(text, "/persons/1", frame)
            .page("张*")
            .cache(Cache::Revalidate)
            .personal("2026-11-25 14:03")
    }

    #[test]
    fn a_page_with_personal_data_says_who_read_it_for_whom_and_when() {
        let html = page(sample_frame()).to_html();
        let mark = html.split("<svg class=\"watermark\"").nth(1).unwrap();
        assert!(mark.contains(">王某 某省厅</text>"), "{html}");
        assert!(mark.contains(">2026-11-25 14:03</text>"));
        assert!(
            html.contains("含个人信息,仅限办理本项业务使用 · 王某 · 某省厅 · 2026-11-25 14:03")
        );
        // Nothing inline: the policy of every page would not let it through.
        assert!(
            !html.contains(" style=") && !html.contains("<style"),
            "{html}"
        );
        // What a script asks for bears it too.
        assert!(
            page(sample_frame())
                .to_fragment()
                .contains("class=\"watermark\"")
        );
    }

    #[test]
    fn a_page_with_personal_data_is_not_kept_by_the_browser() {
        use axum::response::IntoResponse as _;
        let response = page(sample_frame()).into_response();
        assert_eq!(response.headers()["cache-control"], "no-store");
    }

    #[test]
    fn an_operator_may_leave_it_to_paper_and_names_cannot_break_out() {
        let mut frame = sample_frame();
        frame.mark_on_paper_only = true;
        frame.user.as_mut().unwrap().name = "<b>&\"王".to_owned();
        let html = page(frame).to_html();
        assert!(html.contains("<svg class=\"watermark on-paper\""));
        assert!(html.contains("&lt;b&gt;&amp;&quot;王 某省厅"));
    }

    #[test]
    fn other_pages_bear_none() {
        let text = Catalogue::new(Vec::new()).text(Language::Chinese);
        let html = Shell::new(text, "/", sample_frame()).page("首页").to_html();
        assert!(!html.contains("watermark") && !html.contains("personal-line"));
    }
}
