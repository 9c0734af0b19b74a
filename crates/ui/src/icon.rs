//! A few line icons, drawn on a 20 × 20 grid, decoration only: a word always stands beside them.

use maud::{Markup, PreEscaped, html};

/// The icons that navigation and components use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// 首页
    Home,
    /// 地图
    Map,
    /// A building: 学校
    Building,
    /// 人员
    People,
    /// A tray that something is put into: 入库
    Tray,
    /// A list with marks: 问题清单
    Board,
    /// A rising line: 指标
    Chart,
    /// A book: 数据字典
    Book,
    /// A cog: 系统
    System,
    /// A bell: 待办
    Bell,
    /// Search
    Search,
    /// A closed row of dots: 更多
    More,
    /// An arrow down: export
    Download,
    /// A printer
    Print,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Home => "M3 9.5 10 3.5l7 6M5 8.5v8h10v-8M8.5 16.5v-4.5h3v4.5",
            Self::Map => "M2.5 5 7.5 3l5 2 5-2v12l-5 2-5-2-5 2zM7.5 3v12M12.5 5v12",
            Self::Building => "M2.5 16.5h15M4 16.5V9l6-4 6 4v7.5M8.5 16.5v-4h3v4M10 5V2.5h3v1.5h-3",
            Self::People => {
                "M7.5 9a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5M2.5 16.5c0-3 2-5 5-5s5 2 5 5M13 4a2.5 2.5 0 0 1 0 5M14.5 12c2 .7 3 2.3 3 4.5"
            }
            Self::Tray => "M3 12v4.5h14V12h-4l-1 2H8l-1-2zM10 2.5v7M7 7l3 3 3-3",
            Self::Board => "M8 5h9M8 10h9M8 15h9M3 4.5l1 1 1.5-2M3 9.5l1 1 1.5-2M3 14.5l1 1 1.5-2",
            Self::Chart => "M3 3v14h14M5.5 13l3.5-4 3 2 4.5-6",
            Self::Book => {
                "M10 5.5c-2-1.5-4.5-1.5-7-1v11c2.5-.5 5-.5 7 1 2-1.5 4.5-1.5 7-1v-11c-2.5-.5-5-.5-7 1zM10 5.5v11"
            }
            Self::System => {
                "M10 7.25a2.75 2.75 0 1 0 0 5.5 2.75 2.75 0 0 0 0-5.5M10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4"
            }
            Self::Bell => {
                "M4.5 14h11c-1.2-1.3-1.5-2.5-1.5-5a4 4 0 0 0-8 0c0 2.5-.3 3.7-1.5 5M8.5 16.5h3"
            }
            Self::Search => "M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11M13 13l4 4",
            Self::More => "M4.5 10h.01M10 10h.01M15.5 10h.01",
            Self::Download => "M10 3v9M6.5 8.5 10 12l3.5-3.5M3.5 16.5h13",
            Self::Print => "M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8v5H6z",
        }
    }
}

/// Draws an icon in the colour of the text.
pub fn icon(icon: Icon) -> Markup {
    html! {
        svg.icon viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false" {
            (PreEscaped(format!("<path d=\"{}\"/>", icon.path())))
        }
    }
}
