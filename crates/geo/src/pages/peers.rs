//! A place among its peers: one line, a dot for each, its own the large one.

use maud::{Markup, html};
use standard::{Figure, Norm};
use ui::{Text, colour, format};

use crate::drawn::{lang, value_words};

/// Where a place stands among others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    own: f64,
    /// Ascending, the own value among them.
    values: Vec<f64>,
}

impl Standing {
    /// Of a value among those of the peers, itself included; `None` where there is nothing to compare.
    pub(super) fn new(
        own: Option<f64>,
        peers: impl IntoIterator<Item = Option<f64>>,
    ) -> Option<Self> {
        let own = own?;
        let mut values: Vec<f64> = peers.into_iter().flatten().collect();
        values.sort_by(f64::total_cmp);
        (values.len() > 1).then_some(Self { own, values })
    }

    /// The rank from the top, counted from 1; equal values share it.
    pub(super) fn rank(&self) -> usize {
        self.values
            .iter()
            .filter(|value| **value > self.own)
            .count()
            + 1
    }

    /// The line and what it says in words.
    pub(super) fn render(&self, text: &Text, figure: &Figure, norm: Option<&Norm>) -> Markup {
        let (Some(least), Some(most)) = (self.values.first(), self.values.last()) else {
            return html! {};
        };
        let (least, most) = match norm {
            Some(norm) => (least.min(norm.value), most.max(norm.value)),
            None => (*least, *most),
        };
        let width = (most - least).max(f64::MIN_POSITIVE);
        // A margin of 3 % on both sides, so that no dot is cut.
        let at = |value: f64| format!("{:.1}%", 3.0 + (value - least) / width * 94.0);
        let words = text.with(
            "geo-rank",
            &[
                ("rank", &self.rank().to_string()),
                (
                    "count",
                    &format::integer(i64::try_from(self.values.len()).unwrap_or(i64::MAX)),
                ),
            ],
        );
        let norm_words = norm.map(|norm| {
            format!(
                "{} {}",
                norm.title.get(lang(text)),
                format::real(norm.value, usize::from(figure.decimals))
            )
        });
        html! {
            div.peers {
                svg width="100%" height="26" aria-hidden="true" focusable="false" {
                    line x1="3%" x2="97%" y1="13" y2="13" stroke=(colour::OUTLINE) stroke-width="1" {}
                    @for value in &self.values { circle cx=(at(*value)) cy="13" r="3.5" fill=(colour::OUTLINE) fill-opacity="0.35" {} }
                    @if let Some(norm) = norm { line x1=(at(norm.value)) x2=(at(norm.value)) y1="2" y2="24" stroke="#8a4a12" stroke-width="2" {} }
                    circle cx=(at(self.own)) cy="13" r="6.5" fill="#0b5f6b" stroke="#fff" stroke-width="1.5" {}
                }
                p.hint {
                    (words) " · " (value_words(figure, Some(least))) "–" (value_words(figure, Some(most)))
                    @if let Some(words) = norm_words { " · " (words) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_rank() {
        let standing = Standing::new(
            Some(40.0),
            [Some(40.0), Some(50.0), None, Some(40.0), Some(30.0)],
        )
        .unwrap();
        assert_eq!(standing.rank(), 2);
        assert_eq!(standing.values.len(), 4);
        assert!(Standing::new(Some(1.0), [Some(1.0)]).is_none());
        assert!(Standing::new(None, [Some(1.0), Some(2.0)]).is_none());
    }
}
