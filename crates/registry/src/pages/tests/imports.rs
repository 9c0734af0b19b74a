use std::time::Duration;

use axum::http::StatusCode;

use super::browser::{Answer, Browser};
use super::{SCHOOLS, school, someone, take_in, unit, with_schools};
use crate::imports::Request;
use crate::intake::{Progress, Step};
use crate::testing::{permit, registry};

const FILE: &str = "\
学校名称,办学类型,区划代码,办别,备用列
雁塔区等驾坡小学,211,610113,公办,甲
雁塔区翠华路小学,211,610113,民办,乙
雁塔区无此类小学,不存在的类型,610113,公办,丙
";

/// The page of an import once nothing runs any more.
async fn settled(browser: &mut Browser, path: &str) -> Answer {
    for _ in 0..600 {
        let progress = browser.get(&format!("{path}/progress")).await;
        if !progress.has("data-poll") {
            return browser.get(path).await.fine();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the import never ended");
}

db::on_both_engines! {
    async fn a_file_is_sent_looked_at_approved_and_taken_back(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        browser.get("/imports").await.fine();
        let form = browser.get("/imports/new").await.fine();
        let token = form.input("csrf");
        let fields = [("dataset", "institution"), ("datum", "cgcs2000"), ("effective", "2025-09-01"), ("reason", "秋季报送")];
        let sent = browser.upload(&token, &fields, "秋季.csv", FILE).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let path = sent.location().to_owned();

        let plan = settled(&mut browser, &path).await;
        for words in ["待确认", "备用列", "问题清单", "不存在的类型", "秋季报送", "refused.csv"] {
            assert!(plan.has(words), "{words} is not in {}", plan.text);
        }
        let changed = browser.get(&format!("{path}?show=changed")).await.fine();
        assert!(changed.has("<del>公办</del>") && changed.has("<ins>民办</ins>"), "{}", changed.text);
        assert!(browser.get(&format!("{path}?show=new")).await.fine().has("雁塔区等驾坡小学"));
        let refused = browser.get(&format!("{path}/refused.csv")).await;
        assert!(refused.has("雁塔区无此类小学") && refused.has("CELL-CODE"), "{}", refused.text);

        let approved = browser.post(&format!("{path}/approve"), &[("csrf", &token)]).await;
        assert_eq!(approved.location(), path, "{}", approved.text);
        let done = settled(&mut browser, &path).await;
        for words in ["已入库", "告诉报送单位", "新增 1", "退回 1", "/commits/"] {
            assert!(done.has(words), "{words} is not in {}", done.text);
        }
        let added = school(&registry, "雁塔区等驾坡小学").await;
        browser.get(&format!("/institutions/{added}")).await.fine();

        let unsure = browser.post(&format!("{path}/reverse"), &[("csrf", &token), ("reason", "误传")]).await;
        assert_eq!(unsure.location(), path);
        assert!(browser.get(&path).await.fine().has("告诉报送单位"));
        let reversed = browser.post(&format!("{path}/reverse"), &[("csrf", &token), ("reason", "误传"), ("sure", "1")]).await;
        assert_eq!(reversed.location(), path, "{}", reversed.text);
        assert!(browser.get(&path).await.fine().has("本次入库已撤销"));
        let gone = browser.get(&format!("/institutions/{added}")).await.fine();
        assert!(gone.has("在这个业务时点没有这条记录"), "{}", gone.text);
    }

    async fn an_interrupted_reversal_is_shown_and_gone_on_with(place: &TestPlace) {
        let registry = registry(place).await;
        take_in(&registry, "institution", "学校.csv", SCHOOLS).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let id = registry.imports().latest(&permit(), 1).await.unwrap()[0].id;
        let path = format!("/imports/{id}");
        let whole = browser.get(&path).await.fine();
        assert!(whole.has("撤销本次入库") && !whole.has("部分撤销"), "{}", whole.text);
        let once = Progress::to(|_, _, _| false);
        registry.imports().reverse(&permit(), id, "误传", &once).await.unwrap_err();

        let partly = browser.get(&path).await.fine();
        for words in ["部分撤销:2 个入库批次中已撤销 1 个", "继续撤销", "撤销中途中断"] {
            assert!(partly.has(words), "{words} is not in {}", partly.text);
        }
        assert!(!partly.has("告诉报送单位"), "{}", partly.text);
        assert!(browser.get("/imports").await.fine().has("部分撤销"));
        let token = partly.input("csrf");
        let sent = [("csrf", token.as_str()), ("reason", "误传"), ("sure", "1")];
        let gone_on = browser.post(&format!("{path}/reverse"), &sent).await;
        assert_eq!(gone_on.location(), path, "{}", gone_on.text);
        let reversed = browser.get(&path).await.fine();
        assert!(reversed.has("本次入库已撤销") && !reversed.has("部分撤销"), "{}", reversed.text);
    }

    async fn what_was_taken_in_before_an_import_stopped_is_listed_and_can_be_taken_back(place: &TestPlace) {
        let registry = registry(place).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("学校.csv");
        std::fs::write(&file, SCHOOLS).unwrap();
        let once = Progress::to(|step, _, _| step != Step::Write);
        let request = Request::default();
        registry.imports().run_now(&permit(), "institution", &file, &request, false, once).await.unwrap_err();
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let id = registry.imports().latest(&permit(), 1).await.unwrap()[0].id;
        let path = format!("/imports/{id}");
        let stopped = browser.get(&path).await.fine();
        assert!(stopped.has("已写入的变更单保留") && stopped.has("/commits/"), "{}", stopped.text);
        let token = stopped.input("csrf");
        let sent = [("csrf", token.as_str()), ("reason", "误传"), ("sure", "1")];
        browser.post(&format!("{path}/reverse"), &sent).await;
        assert!(browser.get(&path).await.fine().has("本次入库已撤销"));
    }

    async fn what_is_wrong_with_an_upload_is_said_on_its_form(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let token = browser.get("/imports/new").await.fine().input("csrf");
        let wrong = [("dataset", "institution"), ("effective", "去年"), ("complete_for", "火星教育局"), ("mapping", "= ]")];
        let answer = browser.upload(&token, &wrong, "a.csv", FILE).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["effective", "complete_for", "mapping"] {
            assert!(answer.has(&format!("#field-{field}")), "{field} {}", answer.text);
        }
        let empty = browser.upload(&token, &[("dataset", "institution")], "a.csv", "").await;
        assert!(empty.has("#field-file"), "{}", empty.text);

        let pdf = browser.upload(&token, &[("dataset", "institution")], "a.pdf", "%PDF-1.7\n").await;
        let failed = settled(&mut browser, pdf.location()).await;
        assert!(failed.has("没有入库") && failed.has("file-other-kind"), "{}", failed.text);

        let yanta = unit(&registry, "610113").await;
        let mut other = someone(&registry, "yan", "statistician", Some(yanta)).await;
        assert_eq!(other.get(pdf.location()).await.status, StatusCode::NOT_FOUND);
        let mut planner = someone(&registry, "bai", "planner", None).await;
        assert_eq!(planner.get("/imports").await.status, StatusCode::FORBIDDEN);
    }

    async fn a_commit_is_looked_at_and_taken_back_unless_later_ones_rest_on_it(place: &TestPlace) {
        let registry = with_schools(place).await;
        let mut browser = someone(&registry, "liu", "statistician", None).await;
        let log = browser.get("/commits").await.fine();
        assert!(log.has("《学校.csv》") && log.has("服务器管理员"), "{}", log.text);
        let record = school(&registry, "雁塔区电子城小学").await;
        let history = browser.get(&format!("/institutions/{record}")).await.fine();
        let number = history.text.split("href=\"/commits/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let commit = browser.get(&format!("/commits/{number}")).await.fine();
        assert!(commit.has("雁塔区电子城小学") && commit.has("撤销……"), "{}", commit.text);
        let token = commit.input("csrf");
        assert_eq!(browser.get("/commits/99999").await.status, StatusCode::NOT_FOUND);
        let mut planner = someone(&registry, "bai", "planner", None).await;
        assert!(!planner.get(&format!("/commits/{number}")).await.fine().has("撤销……"));

        let reverse = format!("/commits/{number}/reverse");
        let reversed = browser.post(&reverse, &[("csrf", &token), ("reason", "误传"), ("sure", "1")]).await;
        assert_eq!(reversed.status, StatusCode::SEE_OTHER, "{}", reversed.text);
        let made = browser.get(reversed.location()).await.fine();
        assert!(made.has(&format!("href=\"/commits/{number}\"")), "{}", made.text);
        let again = browser.post(&reverse, &[("csrf", &token), ("reason", "误传"), ("sure", "1")]).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(again.has("后来又被改动,不能撤销"), "{}", again.text);
    }
}
