//! What SQL may not do.

use super::{sample, wait};
use crate::{ColumnsError, Query, Resident, Table};

fn ask(sql: &str) -> Result<Table, ColumnsError> {
    let resident = Resident::new(&[sample()]).unwrap();
    wait(Query::over(&[("institution", &resident, &[resident.all()])]).run(sql, &[]))
}

#[test]
fn only_select_is_allowed() {
    for sql in [
        "create table t as select 1",
        "create view v as select 1",
        "create external table t stored as csv location '/etc/passwd'",
        "create schema s",
        "drop table institution",
        "insert into institution (code) values ('x')",
        "update institution set code = 'x'",
        "delete from institution",
        "truncate table institution",
        "merge into institution using institution i on true when matched then delete",
        "copy institution to '/tmp/leak.csv'",
        "copy (select * from institution) to '/tmp/leak.csv' stored as csv",
        "set datafusion.execution.batch_size = 1",
        "reset datafusion.execution.batch_size",
        "show tables",
        "show all",
        "describe institution",
        "explain select 1",
        "explain analyze select 1",
        "prepare p as select 1",
        "execute p",
        "begin",
        "commit",
        "select * into t from institution",
        "with x as (insert into institution (code) values ('x')) select * from x",
        "with x as (delete from institution) select * from x",
        "(insert into institution (code) values ('x'))",
        "select 1; select 2",
        "select 1; drop table institution",
        "",
        "  ;  ",
        "use other",
        "attach 'x' as y",
        "load 'x'",
        "create function f() returns int return 1",
    ] {
        let error = ask(sql).expect_err(sql);
        assert!(
            matches!(error, ColumnsError::Sql { .. }),
            "{sql}: {error:?}"
        );
    }
}

#[test]
fn no_file_no_catalogue_and_no_machine_is_reachable() {
    for sql in [
        "select * from '/etc/passwd'",
        "select * from \"/etc/passwd\"",
        "select * from 'file:///etc/passwd'",
        "select * from 'data.csv'",
        "select * from information_schema.tables",
        "select * from datafusion.public.institution",
        "select * from public.institution",
        "select * from generate_series(1, 10)",
        "select * from range(1, 10)",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('/etc/passwd')",
        "select @@version",
        "select @x",
        "select now()",
        "select current_date",
        "select current_timestamp",
        "select current_time()",
        "select today()",
        "select random()",
        "select uuid()",
        "select version()",
        "select input_file_name() from institution",
        "with recursive r as (select 1 as n union all select n + 1 from r) select * from r",
    ] {
        let error = ask(sql).expect_err(sql);
        assert!(
            matches!(error, ColumnsError::Sql { .. }),
            "{sql}: {error:?}"
        );
        let said = error.to_string();
        assert!(
            !said.contains("root:") && !said.contains(".rs"),
            "{sql}: {said}"
        );
    }
}

#[test]
fn plain_reading_is_allowed() {
    for sql in [
        "select 1 as one",
        "select * from institution",
        "values (1, 'a')",
        "with x as (select code from institution) select count(*) from x",
        "select code from institution union select name from institution",
        "select code from institution except select name from institution",
        "select name as 学校名称 from institution order by 1 limit 2 offset 1",
        "select coalesce(code, name) as c from institution",
        "select extract(year from founded) as y, count(*) as n from institution group by 1",
        "select date_trunc('year', founded)::date as y from institution",
        "select substring(name from 1 for 2) as s, position('小' in name) as p from institution",
        "select sum(pupils) * 1.0 / sum(classes) as mean, avg(area), stddev(area) from institution",
        "select count(*) filter (where counted) as n, string_agg(name, '、') as names from institution",
        "select approx_percentile_cont(0.5) within group (order by pupils) as m from institution",
        "select rank() over (order by pupils desc) as r from institution",
    ] {
        if let Err(error) = ask(sql) {
            panic!("{sql}: {error}");
        }
    }
}

#[test]
fn answers_that_a_table_cannot_hold_say_so() {
    let error = ask("select cast(founded as timestamp) as t from institution").unwrap_err();
    assert!(error.to_string().contains("cast it to"), "{error}");
    let error =
        ask("select a.code, b.code from institution a join institution b on true").unwrap_err();
    assert!(error.to_string().contains("give one an alias"), "{error}");
    let error = ask("select code from institution a join institution b on true").unwrap_err();
    assert!(error.to_string().contains("more than one table"), "{error}");
}

#[test]
fn deep_and_long_texts_end_in_a_message() {
    let nested = format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(ask(&nested).is_err());
    let long = format!("select 1{}", "+1".repeat(100_000));
    assert!(ask(&long).unwrap_err().to_string().contains("longer than"));
    // A chain of operators is read without recursion and then walked recursively.
    let chain = |length| format!("select 1{} as n", "+1".repeat(length));
    assert_eq!(ask(&chain(950)).unwrap().int(0, 0), Some(951));
    assert!(
        ask(&chain(1_000))
            .unwrap_err()
            .to_string()
            .contains("operators")
    );
    let either = format!(
        "select code from institution where {}",
        ["pupils = 1"; 450].join(" or ")
    );
    assert_eq!(ask(&either).unwrap().rows(), 0);
    let unions = ["select code from institution"; 150].join(" union all ");
    assert_eq!(ask(&unions).unwrap().rows(), 600);
    let list: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    let list = format!(
        "select count(*) from institution where pupils in ({})",
        list.join(",")
    );
    assert_eq!(ask(&list).unwrap().int(0, 0), Some(2));
}
