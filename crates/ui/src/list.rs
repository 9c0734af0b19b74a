//! What stands round a list: the filter form, the chips of what is filtered, the pager.

use maud::{Markup, html};

use crate::format;
use crate::text::Text;
use crate::url::Url;

/// One condition that narrows the list now: `县区:雁塔区`.
#[derive(Clone, Debug)]
pub struct Chip {
    /// The words.
    pub label: String,
    /// The address without it.
    pub remove: Url,
}

/// The conditions as chips, each of which is removed by a click.
pub fn chips(text: &Text, chips: &[Chip], clear: &Url) -> Markup {
    html! {
        @if !chips.is_empty() {
            ul.chips data-live-links="" {
                @for chip in chips {
                    li { a.chip href=(chip.remove) aria-label=(text.with("ui-filter-remove", &[("filter", &chip.label)])) { (chip.label) span.x aria-hidden="true" { "×" } } }
                }
                @if chips.len() > 1 { li { a.clear href=(clear) { (text.get("ui-filter-clear")) } } }
            }
        }
    }
}

/// The form above a list: a GET form whose fields stand in the address. It keeps `keep` (such as
/// `as_of` and `sort`) and forgets the page number.
#[derive(Clone, Debug)]
pub struct FilterBar {
    /// Fields, rendered.
    pub fields: Vec<Markup>,
    /// Keys of the address that are kept though the form has no field for them.
    pub keep: Vec<&'static str>,
}

impl FilterBar {
    /// The form.
    pub fn render(&self, text: &Text, url: &Url) -> Markup {
        let kept: Vec<&(String, String)> = url
            .pairs()
            .iter()
            .filter(|(key, value)| self.keep.contains(&key.as_str()) && !value.is_empty())
            .collect();
        html! {
            form.filters #filters method="get" action=(url.path()) data-live="" data-region="" {
                @for field in &self.fields { (field) }
                @for (key, value) in kept { input type="hidden" name=(key) value=(value); }
                button type="submit" data-no-script="" { (text.get("ui-filter")) }
            }
        }
    }
}

/// Pages of a list. `page` counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pager {
    /// This page.
    pub page: u64,
    /// Rows on a page.
    pub size: u64,
    /// Rows in all.
    pub total: u64,
}

impl Pager {
    /// What the address asks for in `page`, kept within what there is.
    pub fn from_url(url: &Url, size: u64, total: u64) -> Self {
        let asked = url
            .get("page")
            .and_then(|page| page.parse::<u64>().ok())
            .unwrap_or(1);
        let pager = Self {
            page: 1,
            size: size.max(1),
            total,
        };
        Self {
            page: asked.clamp(1, pager.last()),
            ..pager
        }
    }

    /// The last page.
    pub fn last(&self) -> u64 {
        self.total.div_ceil(self.size.max(1)).max(1)
    }

    /// How many rows stand before this page.
    pub fn offset(&self) -> u64 {
        self.page.saturating_sub(1) * self.size
    }

    /// The rows of this page out of all of them.
    pub fn of<'r, Row>(&self, rows: &'r [Row]) -> &'r [Row] {
        let end = |rows_before: u64| usize::try_from(rows_before).unwrap_or(usize::MAX);
        let from = end(self.offset()).min(rows.len());
        let to = end(self.offset().saturating_add(self.size)).min(rows.len());
        rows.get(from..to).unwrap_or_default()
    }

    /// The range that is shown, and links to other pages.
    pub fn render(&self, text: &Text, url: &Url) -> Markup {
        // The table says that there is nothing, and what to do.
        if self.total == 0 {
            return html! {};
        }
        let shown = |number: u64| format::integer(i64::try_from(number).unwrap_or(i64::MAX));
        let from = self.offset() + 1;
        let to = (self.offset() + self.size).min(self.total);
        let range = text.with(
            "ui-pager-range",
            &[
                ("from", &shown(from)),
                ("to", &shown(to)),
                ("total", &shown(self.total)),
            ],
        );
        let step = |key: &str, page: Option<u64>, rel: &str| match page {
            Some(page) => html! { a href=(url.with("page", page)) rel=(rel) { (text.get(key)) } },
            None => html! { span aria-disabled="true" { (text.get(key)) } },
        };
        let previous = (self.page > 1).then(|| self.page - 1);
        let next = (self.page < self.last()).then(|| self.page + 1);
        html! {
            nav.pager aria-label=(text.get("ui-pager")) data-live-links="" data-to-top="" {
                p { (range) }
                @if self.last() > 1 {
                    ul {
                        li { (step("ui-pager-previous", previous, "prev")) }
                        @for page in self.shown_pages() {
                            @match page {
                                Some(page) if page == self.page => li { span aria-current="page" { (shown(page)) } },
                                Some(page) => li.far { a href=(url.with("page", page)) aria-label=(text.with("ui-pager-page", &[("page", &shown(page))])) { (shown(page)) } },
                                None => li.far { span aria-hidden="true" { "…" } },
                            }
                        }
                        li { (step("ui-pager-next", next, "next")) }
                    }
                }
            }
        }
    }

    /// First, last, and two on each side of this one; `None` is a gap.
    fn shown_pages(&self) -> Vec<Option<u64>> {
        let near = self.page.saturating_sub(2).max(1)..=(self.page + 2).min(self.last());
        let mut pages: Vec<u64> = near.chain([1, self.last()]).collect();
        pages.sort_unstable();
        pages.dedup();
        let mut shown = Vec::with_capacity(pages.len() + 2);
        let mut before = 0;
        for page in pages {
            if page > before + 1 {
                shown.push(None);
            }
            shown.push(Some(page));
            before = page;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_stays_within_the_list() {
        let asked = |address: &str| Pager::from_url(&Url::parse(address), 50, 120).page;
        assert_eq!(asked("/a?page=2"), 2);
        assert_eq!(asked("/a?page=9"), 3);
        assert_eq!(asked("/a?page=0"), 1);
        assert_eq!(asked("/a?page=x"), 1);
    }

    #[test]
    fn a_page_holds_its_rows_and_no_others() {
        let rows: Vec<u32> = (0..120).collect();
        let page = |address: &str| Pager::from_url(&Url::parse(address), 50, 120);
        assert_eq!(page("/a?page=2").of(&rows).first(), Some(&50));
        assert_eq!(page("/a?page=3").of(&rows), &rows[100..]);
        // Fewer rows than were counted: nothing is shown that is not there.
        assert_eq!(page("/a?page=3").of(&rows[..60]), &[] as &[u32]);
    }

    #[test]
    fn gaps_stand_between_first_near_and_last() {
        let pager = Pager {
            page: 10,
            size: 50,
            total: 50 * 20,
        };
        assert_eq!(
            pager.shown_pages(),
            [
                Some(1),
                None,
                Some(8),
                Some(9),
                Some(10),
                Some(11),
                Some(12),
                None,
                Some(20)
            ]
        );
        let pager = Pager {
            page: 1,
            size: 50,
            total: 60,
        };
        assert_eq!(pager.shown_pages(), [Some(1), Some(2)]);
    }
}
