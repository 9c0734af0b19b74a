use axum::http::StatusCode;

use super::browser::{Answer, Browser};
use super::{school, someone, unit, with_schools};

/// What the form holds: its own hidden fields, then what is said of some fields.
fn filled<'a>(page: &'a Answer, said: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    let hidden = ["csrf", "_based_on", "_as_of", "_key"];
    hidden
        .iter()
        .map(|name| ((*name).to_owned(), page.input(name)))
        .chain(
            said.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
        .collect()
}

async fn send(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(path, &fields).await
}

/// The boxes that must be ticked.
fn to_confirm(page: &Answer) -> Vec<String> {
    page.text
        .split("name=\"_confirmed\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// Sends a form; what is to be confirmed is confirmed.
async fn save(browser: &mut Browser, path: &str, mut fields: Vec<(String, String)>) -> Answer {
    let answer = send(browser, path, &fields).await;
    let boxes = to_confirm(&answer);
    if boxes.is_empty() {
        return answer;
    }
    fields.extend(
        boxes
            .into_iter()
            .map(|value| ("_confirmed".to_owned(), value)),
    );
    send(browser, path, &fields).await
}

db::on_both_engines! {
    async fn a_school_is_added_and_changed_through_the_form(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let form = browser.get("/institutions/new").await.fine();

        let nameless = send(&mut browser, "/institutions/new", &filled(&form, &[("type", "211"), ("_reason", "批复")])).await;
        assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(nameless.has("#field-name") && !nameless.has('⟨'.to_string().as_str()), "{}", nameless.text);

        let wrong = filled(&form, &[("name", "雁塔区新开门小学"), ("division", "610113"), ("type", "211"), ("lon", "十"), ("_reason", "批复")]);
        let wrong = send(&mut browser, "/institutions/new", &wrong).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.has("#field-lon") && wrong.has("value=\"雁塔区新开门小学\""), "{}", wrong.text);

        let taken = filled(&form, &[("name", "雁塔区翠华路小学"), ("code", "2161000001"), ("division", "610113"), ("type", "211"), ("_reason", "批复")]);
        let taken = send(&mut browser, "/institutions/new", &taken).await;
        let existing = school(&registry, "雁塔区翠华路小学").await;
        assert!(taken.has(&format!("href=\"/institutions/{existing}\"")), "{}", taken.text);

        let right = filled(&form, &[
            ("name", "雁塔区新开门小学"), ("code", "2161000009"), ("type", "211"), ("division", "雁塔区"), ("run_by", "public"),
            ("lon", "108.96"), ("lat", "34.20"), ("_datum", "gcj02"), ("_effective", "2025-09-01"), ("_reason", "区教发〔2025〕9 号"),
        ]);
        let saved = save(&mut browser, "/institutions/new", right).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let path = saved.location().to_owned();
        let page = browser.get(&path).await.fine();
        assert!(page.has("雁塔区教育局") && page.has("小学") && page.has("GCJ-02") && page.has("liu某"), "{}", page.text);
        assert!(page.has("区教发〔2025〕9 号") && page.has("网页填写"), "{}", page.text);
        assert!(!page.has("108.96<") && page.has("108.95"), "{}", page.text);

        // A change from a day on.
        let edit = format!("{path}/edit");
        let form = browser.get(&edit).await.fine();
        assert!(form.has("value=\"雁塔区新开门小学\""), "{}", form.text);
        let change = filled(&form, &[
            ("name", "雁塔区新开门第一小学"), ("stages", "2"), ("_boxes", "stages"), ("_mode", "change"), ("_effective", "2026-02-01"), ("_reason", "更名"),
        ]);
        let saved = save(&mut browser, &edit, change).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let page = browser.get(&path).await.fine();
        assert!(page.has("<del>雁塔区新开门小学</del>") && page.has("<ins>雁塔区新开门第一小学</ins>"), "{}", page.text);
        let before = browser.get(&format!("{path}?as_of=2026-01-31")).await.fine();
        assert!(before.has("<h1>雁塔区新开门小学</h1>"), "{}", before.text);

        // A correction holds over the stretch that it corrects, here the first.
        let first = format!("{edit}?as_of=2025-12-01");
        let form = browser.get(&first).await.fine();
        let correction = filled(&form, &[("address", "雁塔路 1 号"), ("_mode", "correction"), ("_reason", "漏填")]);
        let saved = save(&mut browser, &edit, correction).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        assert!(browser.get(&format!("{path}?as_of=2025-09-01")).await.fine().has("<dd>雁塔路 1 号</dd>"));
        let now = browser.get(&path).await.fine();
        assert!(!now.has("<dd>雁塔路 1 号</dd>"), "{}", now.text);
        assert!(now.has("雁塔区新开门第一小学"));
        let edited = registry.security().audit_entries(0, 1000).await.unwrap();
        assert_eq!(edited.iter().filter(|entry| entry.action == "edited" && entry.outcome == "done").count(), 3);
        // Each was said before it was done.
        assert_eq!(edited.iter().filter(|entry| entry.action == "edited" && entry.outcome == "begun").count(), 3);
    }

    async fn of_two_editors_the_second_is_shown_what_the_first_did(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut one = someone(&registry, "liu", "statistician", None).await;
        let mut other = someone(&registry, "wang", "statistician", None).await;
        let record = school(&registry, "凤翔区东关初级中学").await;
        let edit = format!("/institutions/{record}/edit");
        let ones = one.get(&edit).await.fine();
        let others = other.get(&edit).await.fine();
        let words = [("_mode", "correction"), ("_reason", "核对")];

        let first = filled(&ones, &[&words[..], &[("name", "凤翔区东关中学"), ("phone", "0917-7212345")]].concat());
        assert_eq!(save(&mut one, &edit, first).await.status, StatusCode::SEE_OTHER);

        let name = "凤翔区东关第一初级中学";
        let second = filled(&others, &[&words[..], &[("name", name), ("address", "东关街 2 号"), ("phone", "")]].concat());
        let conflict = save(&mut other, &edit, second).await;
        assert_eq!(conflict.status, StatusCode::CONFLICT, "{}", conflict.text);
        assert!(conflict.has("凤翔区东关中学") && conflict.has(name) && conflict.has("liu某"), "{}", conflict.text);
        // What only the first one touched is taken over.
        assert_eq!(conflict.input("phone"), "0917-7212345");

        let again = filled(&conflict, &[&words[..], &[("name", name), ("address", "东关街 2 号"), ("phone", "0917-7212345")]].concat());
        let saved = save(&mut other, &edit, again).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
        let page = other.get(saved.location()).await.fine();
        assert!(page.has(name) && page.has("0917-7212345") && page.has("东关街 2 号"), "{}", page.text);
    }

    async fn a_county_sees_what_the_province_keeps_and_is_not_asked_for_it(place: &TestPlace) {
        let registry = with_schools(place).await;
        let yanta = unit(&registry, "610113").await;
        let mut browser = someone(&registry, "yan", "statistician", Some(yanta)).await;
        let record = school(&registry, "雁塔区翠华路小学").await;
        let edit = format!("/institutions/{record}/edit");
        let form = browser.get(&edit).await.fine();
        assert!(form.has("由省级维护") && form.has("2161000001"), "{}", form.text);
        assert!(!form.has("name=\"code\"") && !form.has("name=\"unit\"") && form.has("name=\"name\""), "{}", form.text);
        let new = browser.get("/institutions/new").await.fine();
        assert!(new.has("name=\"code\""), "{}", new.text);
        let mut province = someone(&registry, "liu", "statistician", None).await;
        assert!(province.get(&edit).await.fine().has("name=\"code\""));

        // The code of a school of another county is taken, and nothing more is said.
        let taken = filled(&new, &[("name", "雁塔区新中学"), ("code", "3161000003"), ("division", "610113"), ("type", "311"), ("_reason", "批复")]);
        let taken = send(&mut browser, "/institutions/new", &taken).await;
        assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(taken.has("#field-code") && taken.has("已被另一条记录使用") && !taken.has("凤翔区东关"), "{}", taken.text);
    }
}
