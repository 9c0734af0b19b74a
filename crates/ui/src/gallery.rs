//! All components with sample data, to be looked at and tested. `cargo test -p weihe-ui` renders them;
//! the browser tests of `web/test` look at the same pages.

use maud::{Markup, html};

use crate::colour;
use crate::error_page::ErrorPage;
use crate::field::{Choice, Field, Input};
use crate::form::{Fault, FormState, error_summary};
use crate::icon::Icon;
use crate::list::{Chip, FilterBar, Pager, chips};
use crate::page::{AsOf, Crumb, Island, Page};
use crate::shell::{Frame, NavItem, PostLine, SearchBox, Shell, UserMenu};
use crate::show::{
    Change, NormBar, Slip, Stat, Tone, badge, button, code, empty_state, key_values, link_button,
    norm_bar, notice, post_button, print_button, section, slips, stats, swatch,
};
use crate::steps::{
    Event, PlanNumber, Progress, Step, StepState, Tab, plan_numbers, progress, steps, tabs,
    timeline,
};
use crate::table::{Cell, Column, Row, Sort, Table};
use crate::text::Text;
use crate::upload::FileDrop;
use crate::url::Url;
use crate::{Cascade, CascadeLevel, LegendClass, MapFrame, legend};

/// A frame with sample data, for the gallery and tests of rooms.
pub fn sample_frame() -> Frame {
    let entry = |label, href: &str, symbol| NavItem::new(label, href, symbol);
    let mut board = entry("gallery-board", "/board", Icon::Board);
    board.count = Some(12);
    Frame {
        nav: vec![
            entry("gallery-home", "/", Icon::Home),
            entry("gallery-map", "/map", Icon::Map),
            entry("gallery-list", "/list", Icon::Building),
            entry("gallery-intake", "/intake", Icon::Tray),
            board,
            entry("gallery-figures", "/figures", Icon::Chart),
            entry("gallery-dictionary", "/dictionary", Icon::Book),
            entry("gallery-system", "/system", Icon::System),
        ],
        post: Some(PostLine {
            unit: "某省厅".to_owned(),
            post: "规划处".to_owned(),
            others: vec![("某市局 · 统计员".to_owned(), "2".to_owned())],
            switch: ("/post".to_owned(), "grant"),
        }),
        user: Some(UserMenu {
            name: "王某".to_owned(),
            links: vec![("我的账号".to_owned(), "/account".to_owned())],
            sign_out: "/sign-out".to_owned(),
        }),
        search: Some(SearchBox {
            action: "/list".to_owned(),
            label: "gallery-search",
        }),
        inbox: Some((3, "/inbox".to_owned())),
        banner: Some("合成数据:本页记录均为演示而生成,不对应真实机构".to_owned()),
        mark_on_paper_only: false,
        form_token: None,
    }
}

/// The words of the sample frame.
pub fn sample_messages() -> crate::RoomMessages {
    crate::RoomMessages {
        room: "gallery",
        chinese: "gallery-home = 首页\ngallery-map = 地图\ngallery-list = 列表\ngallery-intake = 入库\ngallery-board = 问题清单\ngallery-figures = 指标\ngallery-dictionary = 数据字典\ngallery-system = 系统\ngallery-search = 搜索名称、代码、区划…\n",
        english: "gallery-home = Home\ngallery-map = Map\ngallery-list = List\ngallery-intake = Intake\ngallery-board = Error board\ngallery-figures = Figures\ngallery-dictionary = Dictionary\ngallery-system = System\ngallery-search = Search names, codes, places…\n",
    }
}

/// A list page with everything that stands round a list.
pub fn list_page(shell: Shell) -> Page {
    let text = shell.text.clone();
    let url = shell.url.clone();
    let body = html! {
        (filters(&text, &url))
        div #results data-region="" {
            (chips(&text, &[
                Chip { label: "所在地:甲区".to_owned(), remove: url.without("place") },
                Chip { label: "类别:甲类".to_owned(), remove: url.without("kind") },
            ], &url.keeping(&["as_of"])))
            (sample_table(&url).render(&text))
            (Pager { page: 4, size: 50, total: 14_961 }.render(&text, &url))
        }
    };
    shell
        .page("列表")
        .crumbs(vec![
            Crumb::link("某省", "/places/1"),
            Crumb::link("某市", "/places/2"),
            Crumb::here("甲区"),
        ])
        .as_of(AsOf {
            day: "2025-09-01".to_owned(),
            first: Some("2010-01-01".to_owned()),
            last: None,
            known_on: None,
        })
        .tool(link_button(
            &text.get("ui-export"),
            "/list.csv",
            Some(Icon::Download),
            false,
        ))
        .tool(print_button(&text))
        .badge(badge(Tone::Explain, &text.get("ui-badge-synthetic")))
        .source_line(
            html! { "口径:年初在册;业务时点 2025-09-01;来源:样例文件;入库批次 " (code("18204")) },
        )
        .body(body)
}

/// Everything else.
pub fn gallery(shell: Shell) -> Page {
    let text = shell.text.clone();
    let body = html! {
        (section("数字", html! {}, figures(&text)))
        (section("步骤、入库预览、进度", html! {}, task(&text)))
        (section("表单", html! {}, form(&text)))
        (section("上传", html! {}, upload(&text)))
        (section("说明与状态", html! { (link_button("查看全部", "#", None, false)) }, notices()))
        (section("历史", html! {}, history()))
        (section("颜色", html! {}, colours()))
    };
    shell
        .page("组件")
        .lead("所有组件与样例数据,用来看,也用来测。")
        .crumbs(vec![Crumb::link("某省", "/places/1"), Crumb::here("组件")])
        .as_of(AsOf {
            day: "2020-09-01".to_owned(),
            first: None,
            last: None,
            known_on: Some("2021-01-15".to_owned()),
        })
        .island(Island::Upload)
        .island(Island::Progress)
        .island(Island::Cascade)
        .style("gallery.css")
        .body(body)
}

/// A map page over nine square places, as `web/test/map.test.mjs` serves them.
pub fn map_page(shell: Shell) -> Page {
    let text = shell.text.clone();
    let state = FormState::new()
        .with("figure", "size")
        .with("level", "county")
        .with("points", "1");
    let select = |name: &str, label: &str, choices: &[(&str, &str)]| {
        let choices = choices
            .iter()
            .map(|(value, label)| Choice::new(*value, *label))
            .collect();
        Field::new(name, label)
            .input(Input::Select {
                choices,
                empty: None,
            })
            .render(&text, &state)
    };
    let classes = [
        ("fill-seq-1", "30 以下"),
        ("fill-seq-2", "30–35"),
        ("fill-seq-3", "35–40"),
        ("fill-seq-4", "40–45"),
        ("fill-seq-5", "45 以上"),
        ("fill-missing", "无数据"),
    ];
    let classes: Vec<LegendClass> = classes
        .iter()
        .map(|(class, label)| LegendClass {
            class,
            label: (*label).to_owned(),
            count: Some(1),
        })
        .collect();
    let frame = MapFrame {
        config: MAP_CONFIG.to_owned(),
        controls: html! {
            form method="get" action="/map" data-live="" {
                (select("figure", "指标", &[("size", "平均班额"), ("ratio", "生师比")]))
                (select("level", "分区", &[("city", "市"), ("county", "县(市、区)")]))
                (Field::new("points", "显示机构").input(Input::Box).render(&text, &state))
                button type="submit" data-no-script="" { (text.get("ui-apply")) }
            }
        },
        legend: legend("平均班额(人/班)", &classes),
        panel: map_panel(&text),
        picture: html! {
            svg viewBox="0 0 30 30" role="img" aria-label="静态图" {
                @for cell in 0..9 { a href=(format!("/map?place=c{cell}")) { rect x=(cell % 3 * 10) y=(cell / 3 * 10) width="9.8" height="9.8" class=(colour::sequential_class(Some(cell % 5 + 1))) {} } }
            }
        },
        list: Some(("以列表查看".to_owned(), "/list".to_owned())),
        review: "审图号:样例 0000 号 示意图,不作为划界依据".to_owned(),
    };
    shell
        .page("地图")
        .crumbs(vec![Crumb::here("某省")])
        .as_of(AsOf::day("2025-09-01"))
        .tool(print_button(&text))
        .island(Island::Map)
        .filling()
        .body(frame.render(&text))
}

fn map_panel(text: &Text) -> Markup {
    let rows = ["甲区", "乙县", "丙县"].into_iter().zip([412_i64, 388, 301]).enumerate().map(|(index, (name, value))| {
        let link = html! { a href=(format!("/map?place=c{index}")) data-place=(format!("c{index}")) { (name) } };
        Row::new(vec![Cell::Markup(link), Cell::decimal(value, 1)])
    });
    html! {
        h2 { "某省" }
        (stats(text, &[Stat { label: "平均班额".to_owned(), value: "41.2".to_owned(), unit: "人/班".to_owned(), change: None, href: None }]))
        (Table::new("各县").column(Column::text("name", "名称")).column(Column::number("size", "平均班额").unit("人/班")).rows(rows).render(text))
    }
}

const MAP_CONFIG: &str = r#"{
  "bounds": [106, 33, 109, 36], "home": "p",
  "tiles": "/tiles/{layer}/{z}/{x}/{y}.mvt?as_of={as_of}",
  "areas": ["province", "city", "county"],
  "areaZooms": { "province": [0, 10], "city": [0, 10], "county": [0, 10] },
  "points": { "layer": "institution", "zooms": [0, 12], "kinds": ["primary", "junior", "senior"] },
  "figures": "/map/figures.json", "panel": "/map/place/{code}", "pointPage": "/list/{id}",
  "state": { "level": "county", "figure": "size", "as_of": "2025-09-01", "place": "", "within": "", "points": "1" }
}"#;

/// What a reader sees when something went wrong.
pub fn error_page(shell: Shell) -> Page {
    ErrorPage {
        status: axum::http::StatusCode::NOT_FOUND,
        code: "ui.not-found".to_owned(),
        title: "没有这个页面".to_owned(),
        sentence:
            "地址可能写错了,或者您所在的岗位看不到这个页面。请从左侧导航进入,或请同事重新发送链接。"
                .to_owned(),
        operation: Some("01JD-7F3K-92QX".to_owned()),
    }
    .page(shell)
}

fn filters(text: &Text, url: &Url) -> Markup {
    let state = FormState::from_pairs(url.pairs().iter().cloned());
    let kinds = vec![
        Choice::new("a", "甲类").count(4512),
        Choice::new("b", "乙类").count(1620),
        Choice::new("c", "丙类").count(88),
    ];
    FilterBar {
        fields: vec![
            Field::new("q", "名称或拼音首字母")
                .input(Input::Search)
                .render(text, &state),
            Field::new("place", "所在地")
                .input(Input::Select {
                    choices: vec![Choice::new("1", "甲区"), Choice::new("2", "乙县")],
                    empty: Some("全部".to_owned()),
                })
                .render(text, &state),
            Field::new("kind", "类别")
                .input(Input::Select {
                    choices: kinds,
                    empty: Some("全部".to_owned()),
                })
                .render(text, &state),
            Field::new("status", "状态")
                .input(Input::Select {
                    choices: vec![Choice::new("open", "在办"), Choice::new("closed", "撤销")],
                    empty: Some("全部".to_owned()),
                })
                .render(text, &state),
        ],
        keep: vec!["as_of", "sort"],
    }
    .render(text, url)
}

fn sample_table(url: &Url) -> Table {
    let names = [
        "甲区第一小学",
        "甲区实验小学(东校区)",
        "曹家村教学点",
        "甲区第二初级中学",
        "某市第八十五中学",
        "甲区特殊教育学校",
    ];
    let kinds = [
        "小学",
        "小学",
        "教学点",
        "初级中学",
        "完全中学",
        "特殊教育学校",
    ];
    let people = [1_203, 2_418, 17, 986, 3_102, 64];
    let size: [(i64, bool); 6] = [
        (4011, true),
        (5122, false),
        (850, true),
        (4482, true),
        (5345, false),
        (800, true),
    ];
    let rows = names
        .into_iter()
        .zip(kinds)
        .zip(people)
        .zip(size)
        .enumerate()
        .map(|(index, (((name, kind), people), (size, has_ratio)))| {
            Row::new(vec![
                Cell::link(format!("/list/{}", index + 1), name),
                Cell::Markup(code(&format!("32610001{:02}", index + 11))),
                Cell::text(kind),
                Cell::Markup(if index == 2 {
                    badge(Tone::Explain, "暂停")
                } else {
                    html! { "在办" }
                }),
                Cell::integer(people),
                Cell::decimal(size, 2),
                if has_ratio {
                    Cell::real(17.43, 1)
                } else {
                    Cell::Missing
                },
                Cell::text("2024-09-01"),
            ])
            .id(format!("r{}", index + 1))
        });
    Table::new("名单")
        .column(Column::text("name", "名称").sortable())
        .column(Column::text("code", "标识码").narrow().sortable())
        .column(Column::text("kind", "类别").narrow())
        .column(Column::text("status", "状态").narrow())
        .column(Column::number("people", "人数").unit("人").sortable())
        .column(Column::number("size", "平均班额").unit("人/班").sortable())
        .column(
            Column::number("ratio", "师生比")
                .hint("每位专任教师对应的人数")
                .sortable(),
        )
        .column(Column::text("since", "变更日期").narrow().sortable())
        .rows(rows)
        .totals(vec![
            Cell::text("合计 6 所"),
            Cell::text(""),
            Cell::text(""),
            Cell::text(""),
            Cell::integer(7_790),
            Cell::decimal(4471, 2),
            Cell::real(16.2, 1),
            Cell::text(""),
        ])
        .sorted(Sort::from_url(url, "-people"), url)
}

fn figures(text: &Text) -> Markup {
    let stat =
        |label: &str, value: &str, unit: &str, change: Option<Change>, href: Option<&str>| Stat {
            label: label.to_owned(),
            value: value.to_owned(),
            unit: unit.to_owned(),
            change,
            href: href.map(str::to_owned),
        };
    html! {
        (stats(text, &[
            stat("机构", "14,961", "所", Some(Change::between(14_961, 15_204)), Some("/list")),
            stat("在册人数", "861.0", "万人", Some(Change::between(8_610_123, 8_598_020)), None),
            stat("平均班额", "41.2", "人/班", Some(Change { amount: "0.0".to_owned(), direction: std::cmp::Ordering::Equal }), None),
            stat("生师比", "15.6", "", None, None),
        ]))
        (norm_bar(text, &NormBar { label: "平均班额".to_owned(), value: (41.2, "41.2".to_owned()), norm: Some((45.0, "≤ 45".to_owned())), most: 60.0, tone: Tone::Plain }))
        (norm_bar(text, &NormBar { label: "生均建筑面积".to_owned(), value: (4.1, "4.1 m²".to_owned()), norm: Some((5.2, "≥ 5.2 m²".to_owned())), most: 10.0, tone: Tone::Explain }))
        (norm_bar(text, &NormBar { label: "大班额占比".to_owned(), value: (12.0, "12.0%".to_owned()), norm: Some((5.0, "≤ 5%".to_owned())), most: 20.0, tone: Tone::Fix }))
        (slips(&[
            Slip { title: "某县第一小学".to_owned(), lines: vec![("用户名".to_owned(), "wang.mou".to_owned())] },
            Slip { title: "某县第二小学".to_owned(), lines: vec![("用户名".to_owned(), "li.mou".to_owned())] },
        ]))
    }
}

fn task(text: &Text) -> Markup {
    let step = |label: &str, state, href: Option<&str>| Step {
        label: label.to_owned(),
        state,
        href: href.map(str::to_owned),
    };
    let number = |label: &str, count, tone, open| PlanNumber {
        label: label.to_owned(),
        count,
        tone,
        href: Some(format!("?show={label}")),
        open,
    };
    html! {
        (steps(&[
            step("选择文件", StepState::Done, Some("#")),
            step("核对列", StepState::Done, Some("#")),
            step("入库预览", StepState::Current, None),
            step("完成", StepState::Ahead, None),
        ]))
        (plan_numbers("入库预览", &[
            number("新增", 1_204, Tone::Good, false),
            number("变更", 318, Tone::Explain, true),
            number("缺失", 0, Tone::Explain, false),
            number("不变", 13_420, Tone::Plain, false),
            number("退回", 19, Tone::Fix, false),
        ]))
        (progress(text, &Progress { label: "正在校验第 3 / 12 批".to_owned(), done: 300_000, of: 1_200_000, about: "62,000 行/秒,还要约 15 秒".to_owned(), poll: None, then: None }))
        (tabs("视图", &[
            Tab { label: "基本情况".to_owned(), href: "#a".to_owned(), count: None, current: true },
            Tab { label: "历年数据".to_owned(), href: "#b".to_owned(), count: Some(6), current: false },
            Tab { label: "变更历史".to_owned(), href: "#c".to_owned(), count: Some(1_018), current: false },
        ]))
    }
}

fn form(text: &Text) -> Markup {
    let mut state = FormState::new()
        .with("name", "甲区第一小学")
        .with("founded", "1958年")
        .with("stage", "primary")
        .with("area", "12,500");
    state.fail("founded", Fault::DATE);
    state.fail("kind", Fault::CHOICE);
    let stages = vec![
        Choice::new("pre", "学前"),
        Choice::new("primary", "小学"),
        Choice::new("junior", "初中"),
    ];
    let level = |name: &str, label: &str, choices: Vec<Choice>| CascadeLevel {
        name: name.to_owned(),
        label: label.to_owned(),
        empty: "全部".to_owned(),
        choices,
        value: String::new(),
    };
    html! {
        (error_summary(text, &state, &[("founded", "建立日期"), ("kind", "类别")]))
        form method="post" action="#" {
            div.fields {
                (Field::new("name", "名称").required().max_length(60).hint("与批准文件一致").render(text, &state))
                (Field::new("kind", "类别").required().input(Input::Select { choices: vec![Choice::new("a", "甲类")], empty: None }).render(text, &state))
                (Field::new("founded", "建立日期").hint("例如 2025-09-01").render(text, &state))
                (Field::new("area", "建筑面积").input(Input::Number).unit("m²").optional().render(text, &state))
            }
            (Field::new("stage", "学段").input(Input::Boxes(stages)).render(text, &state))
            (Field::new("run", "办别").input(Input::Radios(vec![Choice::new("1", "公办"), Choice::new("2", "民办")])).render(text, &state))
            (Field::new("counted", "单独计数").input(Input::Box).render(text, &state))
            (Cascade { levels: vec![level("city", "市", vec![Choice::new("1", "甲市"), Choice::new("2", "乙市")]), level("county", "县(市、区)", vec![])], options: "/options.json?parent={value}".to_owned() }.render(text))
            (Field::new("note", "说明").input(Input::Area { rows: 3 }).optional().render(text, &state))
            div.actions { (button("保存", true)) (link_button("取消", "#", None, false)) }
        }
        p { (post_button("撤回这一批", "#", &[("id", "1")], Tone::Fix, Some("确定撤回吗?"))) }
    }
}

fn upload(text: &Text) -> Markup {
    FileDrop {
        action: "#".to_owned(),
        name: "file".to_owned(),
        label: "数据文件".to_owned(),
        hint: "CSV、XLSX 或 GeoJSON,最大 200 MB".to_owned(),
        accept: ".csv,.xlsx,.geojson".to_owned(),
        most_bytes: 200_000_000,
        fields: vec![],
        submit: "上传并预览".to_owned(),
    }
    .render(text, &FormState::new())
}

fn notices() -> Markup {
    html! {
        (notice(Tone::Good, "已入库 1,522 条", html! { p { "入库批次 18,205。" a href="#" { "查看变更单" } } }))
        (notice(Tone::Explain, "19 行没有收下", html! { p { "原因共 3 种,已列入问题清单。" } }))
        (notice(Tone::Fix, "文件读不出来", html! { p { "这个 XLSX 文件不完整(传输中断?)。请重新导出后再上传。" } }))
        (key_values(&[
            ("标识码".to_owned(), code("3261000111")),
            ("状态".to_owned(), html! { "在办 " (badge(Tone::Good, "在册")) }),
            ("类别".to_owned(), html! { "小学 " (badge(Tone::Plain, "推断")) " " (badge(Tone::Fix, "退回")) }),
            ("地址".to_owned(), html! { "某省某市甲区某街道某路 118 号" }),
        ]))
        (empty_state("还没有记录", "上传一份文件后,这里会列出入库的批次。", Some(link_button("开始入库", "#", Some(Icon::Tray), true))))
    }
}

fn history() -> Markup {
    timeline(&[
        Event {
            when: "2025-09-01".to_owned(),
            title: "更名".to_owned(),
            about: "王某 · 某区局统计员 · 文件 2025 名单.xlsx · 入库批次 18,204 · 2025-09-12 20:31"
                .to_owned(),
            body: Some(
                html! { p.changes { "名称:" del { "曹家村小学" } " → " ins { "曹家村教学点" } } },
            ),
        },
        Event {
            when: "1958-09-01".to_owned(),
            title: "建立".to_owned(),
            about: "初始入库 · 入库批次 3".to_owned(),
            body: None,
        },
    ])
}

fn colours() -> Markup {
    html! {
        div.scale { @for class in 1..=5 { (swatch(colour::sequential_class(Some(class)))) } (swatch(colour::sequential_class(None))) }
        div.scale { @for class in 1..=5 { (swatch(colour::diverging_class(Some(class)))) } }
        div.scale { @for class in ["fill-point-1", "fill-point-2", "fill-point-3", "fill-point-4", "fill-point-5", "fill-point-6"] { (swatch(class)) } }
    }
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;
    use crate::text::{Catalogue, Language};

    fn shell(language: Language, address: &str) -> Shell {
        let catalogue = Catalogue::new(vec![sample_messages()]);
        assert_eq!(catalogue.problems(), [] as [String; 0]);
        Shell::new(catalogue.text(language), address, sample_frame())
    }

    fn pages() -> Vec<(&'static str, Page)> {
        let list = "/list?kind=a&place=1&as_of=2025-09-01&sort=-people&page=4";
        vec![
            ("gallery", gallery(shell(Language::Chinese, "/gallery"))),
            ("list", list_page(shell(Language::Chinese, list))),
            ("list-en", list_page(shell(Language::English, list))),
            ("map", map_page(shell(Language::Chinese, "/map"))),
            ("error", error_page(shell(Language::Chinese, "/nowhere"))),
        ]
    }

    /// Also written beside the target folder, for the browser tests and for looking.
    #[test]
    fn every_component_renders_without_a_missing_word_or_anything_inline() {
        let folder = testfiles::root().join("web/test/.gallery");
        std::fs::create_dir_all(&folder).unwrap();
        for (name, page) in pages() {
            let html = page.to_html();
            assert!(!html.contains('⟨'), "{name}: a message key is missing");
            let document = Html::parse_document(&html);
            assert_eq!(
                document
                    .select(
                        &Selector::parse("[style], [onclick], style, script:not([src]):not([type='application/json'])").unwrap()
                    )
                    .count(),
                0,
                "{name}"
            );
            let mut ids: Vec<&str> = document
                .select(&Selector::parse("[id]").unwrap())
                .filter_map(|found| found.value().id())
                .collect();
            let all = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), all, "{name}: an id stands twice");
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }

    #[test]
    fn the_current_entry_and_the_language_are_marked() {
        let page = list_page(shell(Language::English, "/list/7?as_of=2025-09-01"));
        let document = Html::parse_document(&page.to_html());
        let current = Selector::parse("nav.side > ul > li > a[aria-current]").unwrap();
        let current: Vec<_> = document
            .select(&current)
            .filter_map(|link| link.value().attr("href"))
            .collect();
        assert_eq!(current, ["/list"]);
        let switch = document
            .select(&Selector::parse("a.lang").unwrap())
            .next()
            .unwrap();
        assert_eq!(
            switch.value().attr("href"),
            Some("/language?to=zh-CN&back=%2Flist%2F7%3Fas_of%3D2025-09-01")
        );
    }

    #[test]
    fn changing_the_day_keeps_the_filters() {
        let page = list_page(shell(
            Language::Chinese,
            "/list?kind=a&page=4&as_of=2025-09-01",
        ));
        let document = Html::parse_document(&page.to_html());
        let hidden: Vec<_> = document
            .select(&Selector::parse("form.as-of input[type=hidden]").unwrap())
            .filter_map(|input| input.value().attr("name"))
            .collect();
        assert_eq!(hidden, ["kind"]);
    }

    #[test]
    fn all_islands_have_their_files() {
        for island in [
            Island::Map,
            Island::Upload,
            Island::Progress,
            Island::Cascade,
        ] {
            for name in island.assets() {
                assert!(crate::assets::asset(name).is_some(), "{name}");
            }
        }
    }
}
