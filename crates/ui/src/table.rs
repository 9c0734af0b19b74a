//! The data table: the form in which most of the program is read.

use maud::{Markup, Render, html};

use crate::format;
use crate::text::Text;
use crate::url::Url;

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    key: String,
    label: String,
    unit: Option<String>,
    hint: Option<String>,
    numeric: bool,
    sortable: bool,
    narrow: bool,
}

impl Column {
    /// Words, set left. The key stands in the address when the table is sorted by it.
    pub fn text(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            label: label.into(),
            unit: None,
            hint: None,
            numeric: false,
            sortable: false,
            narrow: false,
        }
    }

    /// Numbers, set right in figures of one width.
    pub fn number(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            numeric: true,
            ..Self::text(key, label)
        }
    }

    /// The unit, in the header.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// What the column says, as a tooltip of the header.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The header sorts.
    #[must_use]
    pub fn sortable(mut self) -> Self {
        self.sortable = true;
        self
    }

    /// As narrow as its words allow (dates, codes, badges).
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }
}

/// What stands in one cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number as it is to be read.
    Number(String),
    /// Words that lead somewhere.
    Link {
        /// Where.
        href: String,
        /// The words.
        label: String,
    },
    /// Anything else.
    Markup(Markup),
    /// No value: a dash that is read as 无数据.
    Missing,
}

impl Cell {
    /// Words.
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// Words if there are any.
    pub fn maybe_text(words: Option<impl Into<String>>) -> Self {
        words.map_or(Self::Missing, |words| Self::Text(words.into()))
    }

    /// A whole number.
    pub fn integer(number: impl Into<i64>) -> Self {
        Self::Number(format::integer(number.into()))
    }

    /// A whole number if there is one.
    pub fn maybe_integer(number: Option<i64>) -> Self {
        number.map_or(Self::Missing, Self::integer)
    }

    /// A scaled number: `Cell::decimal(4523, 2)` reads `45.23`.
    pub fn decimal(scaled: i64, scale: u32) -> Self {
        Self::Number(format::decimal(scaled, scale))
    }

    /// A ratio with fixed decimals; not a number is "no value".
    pub fn real(number: f64, decimals: usize) -> Self {
        if number.is_finite() {
            Self::Number(format::real(number, decimals))
        } else {
            Self::Missing
        }
    }

    /// A link.
    pub fn link(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self::Link {
            href: href.into(),
            label: label.into(),
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Cell>,
    id: Option<String>,
    strong: bool,
}

impl Row {
    /// A row of cells in the order of the columns.
    pub fn new(cells: Vec<Cell>) -> Self {
        Self {
            cells,
            id: None,
            strong: false,
        }
    }

    /// An anchor, so that "back" returns to this row.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The row of this place among its peers, or the one the reader came for.
    #[must_use]
    pub fn strong(mut self) -> Self {
        self.strong = true;
        self
    }
}

/// How a table is sorted: in the address as `sort=name` or `sort=-name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column's key.
    pub key: String,
    /// Largest first.
    pub descending: bool,
}

impl Sort {
    /// What the address asks for, else this (`name` or `-name`).
    pub fn from_url(url: &Url, otherwise: &str) -> Self {
        let asked = url.get("sort").unwrap_or(otherwise);
        match asked.strip_prefix('-') {
            Some(key) => Self {
                key: key.to_owned(),
                descending: true,
            },
            None => Self {
                key: asked.to_owned(),
                descending: false,
            },
        }
    }

    /// As it stands in the address.
    pub fn to_param(&self) -> String {
        if self.descending {
            format!("-{}", self.key)
        } else {
            self.key.clone()
        }
    }
}

/// A table with header, rows and perhaps totals. The first column names the row.
#[derive(Clone, Debug)]
#[must_use]
pub struct Table {
    caption: String,
    caption_shown: bool,
    columns: Vec<Column>,
    rows: Vec<Row>,
    totals: Option<Vec<Cell>>,
    sort: Option<(Sort, Url)>,
    empty: Option<Markup>,
}

impl Table {
    /// The caption is read by screen readers and printed; [`Table::show_caption`] shows it.
    pub fn new(caption: impl Into<String>) -> Self {
        Self {
            caption: caption.into(),
            caption_shown: false,
            columns: Vec::new(),
            rows: Vec::new(),
            totals: None,
            sort: None,
            empty: None,
        }
    }

    /// Shows the caption above the table.
    pub fn show_caption(mut self) -> Self {
        self.caption_shown = true;
        self
    }

    /// One more column.
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// One more row.
    pub fn row(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }

    /// More rows.
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// The row of totals, with a cell for each column.
    pub fn totals(mut self, cells: Vec<Cell>) -> Self {
        self.totals = Some(cells);
        self
    }

    /// How the rows are sorted now, and the address whose `sort` the headers change.
    pub fn sorted(mut self, sort: Sort, url: &Url) -> Self {
        self.sort = Some((sort, url.without("page")));
        self
    }

    /// What stands there when there is no row: what will be here and how to start.
    pub fn empty(mut self, says: Markup) -> Self {
        self.empty = Some(says);
        self
    }

    /// The table in a box that scrolls sideways when it must.
    pub fn render(&self, text: &Text) -> Markup {
        if self.rows.is_empty() {
            return match &self.empty {
                Some(says) => html! { div.empty { (says) } },
                None => html! { p.empty { (text.get("ui-table-empty")) } },
            };
        }
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.caption) data-live-links="" {
                table.data {
                    caption.sr-only[!self.caption_shown] { (self.caption) }
                    thead { tr { @for column in &self.columns { (self.header(text, column)) } } }
                    tbody { @for row in &self.rows { (self.body_row(text, row)) } }
                    @if let Some(totals) = &self.totals {
                        tfoot { tr { @for (index, cell) in totals.iter().enumerate() { (self.cell(text, index, cell)) } } }
                    }
                }
            }
        }
    }

    fn header(&self, text: &Text, column: &Column) -> Markup {
        let label = html! {
            (column.label)
            @if let Some(unit) = &column.unit { " " span.unit { "(" (unit) ")" } }
        };
        let sorted = self
            .sort
            .as_ref()
            .filter(|(sort, _)| sort.key == column.key)
            .map(|(sort, _)| sort);
        let direction = sorted.map(|sort| {
            if sort.descending {
                "descending"
            } else {
                "ascending"
            }
        });
        let link = self
            .sort
            .as_ref()
            .filter(|_| column.sortable)
            .map(|(_, url)| {
                // Numbers are first asked for from the top, words from the beginning.
                let descending = sorted.map_or(column.numeric, |sort| !sort.descending);
                let key = if descending {
                    "ui-sort-descending"
                } else {
                    "ui-sort-ascending"
                };
                let sort = Sort {
                    key: column.key.clone(),
                    descending,
                };
                (
                    url.with("sort", sort.to_param()),
                    text.with(key, &[("column", &column.label)]),
                )
            });
        html! {
            th.num[column.numeric].tight[column.narrow] scope="col" aria-sort=[direction] title=[column.hint.as_ref()] {
                @if let Some((href, hint)) = link {
                    // The arrow stands on the far side of the edge that the column is set to.
                    @let arrow = html! { span.arrow.up[direction == Some("ascending")].down[direction == Some("descending")] aria-hidden="true" {} };
                    a.sort href=(href) title=(hint) { @if column.numeric { (arrow) } (label) @if !column.numeric { (arrow) } }
                } @else { (label) }
            }
        }
    }

    fn body_row(&self, text: &Text, row: &Row) -> Markup {
        html! {
            tr.strong[row.strong] id=[row.id.as_ref()] {
                @for (index, cell) in row.cells.iter().enumerate() { (self.cell(text, index, cell)) }
            }
        }
    }

    fn cell(&self, text: &Text, index: usize, cell: &Cell) -> Markup {
        let column = self.columns.get(index);
        let numeric = column.is_some_and(|column| column.numeric);
        let narrow = column.is_some_and(|column| column.narrow);
        let inner = cell_markup(text, cell);
        html! {
            @if index == 0 {
                th.num[numeric].tight[narrow] scope="row" { (inner) }
            } @else {
                td.num[numeric].tight[narrow] { (inner) }
            }
        }
    }
}

fn cell_markup(text: &Text, cell: &Cell) -> Markup {
    match cell {
        Cell::Text(words) | Cell::Number(words) => words.render(),
        Cell::Link { href, label } => html! { a href=(href) { (label) } },
        Cell::Markup(markup) => markup.clone(),
        Cell::Missing => {
            html! { span.missing title=(text.get("ui-no-value")) { "–" span.sr-only { (text.get("ui-no-value")) } } }
        }
    }
}
