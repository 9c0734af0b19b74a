//! The HTML round a page's work.

use maud::{DOCTYPE, Markup, html};

use crate::assets::asset_url;
use crate::icon::{Icon, icon};
use crate::page::{AsOf, Page};
use crate::shell::{NavItem, PostLine, SearchBox, UserMenu};
use crate::text::Text;
use crate::url::Url;
use crate::watermark;

/// How many navigation entries a phone shows before "more".
const PHONE_ENTRIES: usize = 4;

pub(crate) fn document(page: &Page) -> Markup {
    let text = &page.shell.text;
    html! {
        (DOCTYPE)
        html lang=(text.language().tag()) {
            (head(page))
            body.filling[page.filling] {
                a.skip href="#work" { (text.get("ui-skip")) }
                (top(page))
                @if let Some(banner) = &page.shell.frame.banner {
                    p.banner { (banner) }
                }
                div.frame.bare[page.shell.frame.nav.is_empty()] {
                    @if !page.shell.frame.nav.is_empty() { (navigation(page)) }
                    main #work tabindex="-1" { (work(page)) }
                }
                div.busy data-busy="" hidden {}
                p.sr-only role="status" data-announce="" {}
            }
        }
    }
}

pub(crate) fn fragment(page: &Page) -> Markup {
    html! {
        title { (window_title(page)) }
        main #work tabindex="-1" { (work(page)) }
    }
}

fn window_title(page: &Page) -> String {
    format!("{} - {}", page.title, page.shell.text.get("ui-product"))
}

fn head(page: &Page) -> Markup {
    let assets: Vec<&str> = page
        .styles
        .iter()
        .copied()
        .chain(
            page.islands
                .iter()
                .flat_map(|island| island.assets().iter().copied()),
        )
        .collect();
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light";
            title { (window_title(page)) }
            link rel="icon" type="image/svg+xml" href=(asset_url("icon.svg"));
            link rel="stylesheet" href=(asset_url("app.css"));
            @for style in assets.iter().filter(|name| name.ends_with(".css")) {
                link rel="stylesheet" href=(asset_url(style));
            }
            script type="module" src=(asset_url("app.js")) {}
            @for script in assets.iter().filter(|name| name.ends_with(".js")) {
                script type="module" src=(asset_url(script)) {}
            }
            @if let Some(seconds) = page.refresh {
                noscript { meta http-equiv="refresh" content=(seconds); }
            }
        }
    }
}

fn top(page: &Page) -> Markup {
    let text = &page.shell.text;
    let frame = &page.shell.frame;
    html! {
        header.top {
            a.brand href="/" { (brand_mark()) span { (text.get("ui-product")) } }
            @if let Some(post) = &frame.post { (post_line(text, post, &frame.form_field())) }
            @if let Some(search) = &frame.search { (search_box(text, search, &page.shell.url)) }
            div.top-end {
                @if let Some((count, href)) = &frame.inbox {
                    a.inbox href=(href) { (icon(Icon::Bell)) span.word { (text.get("ui-inbox")) } @if *count > 0 { b.count { (count) } } }
                }
                (language_switch(text, &page.shell.url))
                @if let Some(user) = &frame.user { (user_menu(text, user, &frame.form_field())) }
            }
        }
    }
}

/// Three streams that run into one line.
fn brand_mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            path d="M2 7c4 0 6 2 8 5s5 5 12 5M2 17c4 0 5-1.5 8-5M9 3c0 4 2 7 5 9" {}
        }
    }
}

fn post_line(text: &Text, post: &PostLine, form_field: &Markup) -> Markup {
    // A node whose name is not set yet has none.
    let words = html! {
        @if !post.unit.is_empty() { span.unit { (post.unit) } " · " }
        span { (post.post) }
    };
    if post.others.is_empty() {
        return html! { p.post { (words) } };
    }
    html! {
        details.menu.post {
            summary aria-label=(text.with("ui-post-menu", &[("unit", &post.unit), ("post", &post.post)])) { (words) }
            ul { @for (label, value) in &post.others { li {
                form method="post" action=(post.switch.0) {
                    (form_field)
                    input type="hidden" name=(post.switch.1) value=(value);
                    button.plain type="submit" { (label) }
                }
            } } }
        }
    }
}

fn search_box(text: &Text, search: &SearchBox, url: &Url) -> Markup {
    let label = text.get(search.label);
    let held = if url.path() == search.action {
        url.get("q").unwrap_or("")
    } else {
        ""
    };
    html! {
        form.search role="search" action=(search.action) method="get" {
            (icon(Icon::Search))
            input type="search" name="q" value=(held) aria-label=(label) placeholder=(label) autocomplete="off" data-key="/" enterkeyhint="search";
        }
    }
}

fn language_switch(text: &Text, url: &Url) -> Markup {
    let other = text.language().other();
    let href = Url::parse("/language")
        .with("to", other.tag())
        .with("back", url);
    html! { a.lang href=(href) lang=(other.tag()) hreflang=(other.tag()) { (text.get("ui-other-language")) } }
}

fn user_menu(text: &Text, user: &UserMenu, form_field: &Markup) -> Markup {
    html! {
        details.menu.user {
            summary { (user.name) }
            ul {
                @for (label, href) in &user.links { li { a href=(href) { (label) } } }
                li { form method="post" action=(user.sign_out) { (form_field) button.plain type="submit" { (text.get("ui-sign-out")) } } }
            }
        }
    }
}

fn navigation(page: &Page) -> Markup {
    let text = &page.shell.text;
    let nav = &page.shell.frame.nav;
    let current = current_entry(page);
    let folded = nav.len() > PHONE_ENTRIES + 1;
    let entry = |index: usize, item: &NavItem| {
        html! {
            a href=(item.href) aria-current=[(current == Some(index)).then_some("page")] {
                (icon(item.icon)) span { (text.get(item.label)) }
                @if let Some(count) = item.count.filter(|count| *count > 0) { b.count { (count) } }
            }
        }
    };
    html! {
        nav.side aria-label=(text.get("ui-navigation")) {
            ul {
                @for (index, item) in nav.iter().enumerate() {
                    li.extra[folded && index >= PHONE_ENTRIES] { (entry(index, item)) }
                }
                @if folded {
                    li.more {
                        details.menu {
                            summary { (icon(Icon::More)) span { (text.get("ui-more")) } }
                            ul { @for (index, item) in nav.iter().enumerate().skip(PHONE_ENTRIES) { li { (entry(index, item)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The entry whose path is the longest beginning of the page's path.
fn current_entry(page: &Page) -> Option<usize> {
    let here = page.section.as_deref().unwrap_or(page.shell.url.path());
    let begins = |href: &str| {
        let path = href.split('?').next().unwrap_or(href);
        let below = here.strip_prefix(path)?;
        let matches = below.is_empty() || (path != "/" && below.starts_with('/'));
        matches.then_some(path.len())
    };
    let entries = page.shell.frame.nav.iter().enumerate();
    entries
        .filter_map(|(index, item)| Some((begins(&item.href)?, index)))
        .max()
        .map(|(_, index)| index)
}

fn work(page: &Page) -> Markup {
    let has_bar = !page.crumbs.is_empty() || page.as_of.is_some() || !page.tools.is_empty();
    html! {
        (print_head(page))
        @if has_bar { (bar(page)) }
        div.work.narrow[page.narrow].filling[page.filling] {
            header.title.sr-only[page.filling] {
                h1 { (page.title) }
                @for badge in &page.badges { (badge) }
                @if let Some(lead) = &page.lead { p.lead { (lead) } }
            }
            (page.body)
        }
        @if let Some(at) = &page.personal { (mark(page, at)) }
        @if let Some(line) = &page.source_line {
            footer.source #source data-region="" { (line) }
        }
    }
}

fn mark(page: &Page, at: &str) -> Markup {
    let frame = &page.shell.frame;
    let line = watermark::line(&page.shell.text, frame, at, None);
    html! {
        (watermark::image(frame, at))
        p.personal-line { (line) }
    }
}

fn bar(page: &Page) -> Markup {
    let text = &page.shell.text;
    html! {
        div.bar #bar data-region="" {
            nav.crumbs aria-label=(text.get("ui-place")) {
                ol { @for crumb in &page.crumbs {
                    li { @if let Some(href) = &crumb.href { a href=(href) { (crumb.label) } } @else { span aria-current="page" { (crumb.label) } } }
                } }
            }
            div.tools {
                @if let Some(as_of) = &page.as_of { (as_of_control(text, as_of, &page.shell.url)) }
                @for tool in &page.tools { (tool) }
            }
        }
    }
}

fn as_of_control(text: &Text, as_of: &AsOf, url: &Url) -> Markup {
    let url = url.without("page");
    html! {
        form.as-of method="get" action=(url.path()) data-live="" {
            @for (key, value) in url.pairs().iter().filter(|(key, value)| key != "as_of" && !value.is_empty()) {
                input type="hidden" name=(key) value=(value);
            }
            label { span { (text.get("ui-as-of")) }
                input type="date" name="as_of" value=(as_of.day) min=[as_of.first.as_ref()] max=[as_of.last.as_ref()] required; }
            button.small type="submit" data-no-script="" { (text.get("ui-apply")) }
            @if let Some(known_on) = &as_of.known_on {
                span.known { (text.get("ui-as-known-on")) " " (known_on) }
            }
        }
    }
}

/// On paper: who printed what as of when. The browser numbers the pages.
fn print_head(page: &Page) -> Markup {
    let text = &page.shell.text;
    let unit = page
        .shell
        .frame
        .post
        .as_ref()
        .map(|post| format!("{} · {}", post.unit, post.post));
    html! {
        div.print-head aria-hidden="true" {
            span { (text.get("ui-product")) @if let Some(unit) = unit { " · " (unit) } }
            @if let Some(as_of) = &page.as_of { span { (text.get("ui-as-of")) " " (as_of.day) } }
        }
    }
}
