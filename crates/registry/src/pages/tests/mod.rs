//! The pages as a browser meets them, with the gate in front.

mod browser;
mod dictionary;
mod forms;
mod imports;
mod lists;
mod persons;

use db::testing::TestPlace;
use kernel::UnitId;
use security::NewAccount;

use crate::api::Registry;
use crate::imports::Request;
use crate::intake::Progress;
use crate::testing::{permit, registry};
use browser::Browser;

const PASSWORD: &str = "Jing-2026-chuan";

/// Four schools in two counties, with a school year.
const SCHOOLS: &str = "\
学校名称,学校(机构)标识码,办学类型,区划代码,所属学校,办别,经度,纬度,坐标系,办学状态,数据性质
雁塔区翠华路小学,2161000001,211,610113,,公办,108.9512345,34.2212345,CGCS2000,在办,合成数据
雁塔区翠华路小学曲江校区,,211,610113,2161000001,公办,,,,在办,合成数据
雁塔区电子城小学,2161000002,211,610113,,公办,,,,停办,合成数据
凤翔区东关初级中学,3161000003,311,610305,,公办,,,,在办,合成数据
";

const YEARS: &str = "\
标识码,学年,在校生数,班数,专任教师数
2161000001,2024-2025,1150,27,60
2161000001,2025-2026,1203,28,64
2161000002,2025-2026,450,10,25
3161000003,2025-2026,900,20,70
";

/// A registry with [`SCHOOLS`] in it.
async fn with_schools(place: &TestPlace) -> Registry {
    let registry = registry(place).await;
    take_in(&registry, "institution", "学校.csv", SCHOOLS).await;
    take_in(&registry, "institution_year", "学年.csv", YEARS).await;
    registry
}

/// Takes a file in as the command line does, effective since ever.
async fn take_in(registry: &Registry, dataset: &str, name: &str, content: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let effective = if dataset == "institution" {
        "2020-09-01"
    } else {
        ""
    };
    let request = Request {
        effective: effective.to_owned(),
        reason: "测试".to_owned(),
        ..Request::default()
    };
    let (_, finished) = registry
        .imports()
        .run_now(
            &permit(),
            dataset,
            &path,
            &request,
            false,
            Progress::silent(),
        )
        .await
        .unwrap();
    assert!(!finished.plan.has_refusals(), "{:#?}", finished.plan.causes);
}

/// The record of the school of that name.
async fn school(registry: &Registry, name: &str) -> i64 {
    let clocks = registry.clocks(None, None).await.unwrap();
    let view = registry
        .view(&permit(), "institution", clocks)
        .await
        .unwrap();
    let (record, own) = (
        view.column("record_id").unwrap(),
        view.column("name").unwrap(),
    );
    let row = view
        .rows()
        .find(|row| view.table().text(own, *row) == Some(name))
        .unwrap();
    view.table().int(record, row).unwrap()
}

/// The unit of that code.
async fn unit(registry: &Registry, code: &str) -> UnitId {
    let clocks = registry.clocks(None, None).await.unwrap();
    let names = crate::lists::Names::of(
        registry
            .view(&permit(), "education_unit", clocks)
            .await
            .unwrap(),
    );
    UnitId::new(names.by_code(code).unwrap())
}

/// Someone with a post for a unit (`None`: everything), signed in.
async fn someone(registry: &Registry, login: &str, post: &str, unit: Option<UnitId>) -> Browser {
    let security = registry.security();
    let account = NewAccount {
        login: login.to_owned(),
        display: format!("{login}某"),
        password: Some(PASSWORD.to_owned()),
    };
    let (id, _) = security.create_account(&permit(), account).await.unwrap();
    security
        .grant(&permit(), id, post, unit, None)
        .await
        .unwrap();
    let mut browser = Browser::new(registry);
    browser.sign_in(login, PASSWORD).await;
    browser
}

#[test]
fn every_message_is_there_in_both_languages() {
    let catalogue = ui::Catalogue::new(vec![security::messages(), crate::messages()]);
    assert_eq!(catalogue.problems(), [] as [String; 0]);
}
