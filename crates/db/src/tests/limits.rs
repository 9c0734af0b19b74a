//! Full disks, damaged files, servers that are not there.

use kernel::Value;

use super::{count, run};
use crate::bulk::{self, BulkRows};
use crate::testing::TestPlace;
use crate::{Db, DbError};

fn rows(from: i64, count: i64) -> BulkRows {
    let mut rows = BulkRows::new(2);
    for id in from..from + count {
        rows.push([Value::Int(id), Value::Text("渭".repeat(500))])
            .unwrap();
    }
    rows
}

async fn fill(db: &Db, rows: &BulkRows) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    bulk::insert(&mut tx, "t", &["id", "s"], rows).await?;
    tx.commit().await
}

#[test]
fn a_full_disk_leaves_the_database_as_it_was() {
    crate::testing::run(TestPlace::sqlite().unwrap(), |place| async {
        let db = place.open("main").await.unwrap();
        run(&db, &["CREATE TABLE t (id BIGINT PRIMARY KEY, s TEXT)"])
            .await
            .unwrap();
        fill(&db, &rows(0, 100)).await.unwrap();
        // The limit belongs to the one connection that writes.
        let mut tx = db.write().await.unwrap();
        let pages = tx
            .fetch_one("PRAGMA page_count", &[])
            .await
            .unwrap()
            .int("page_count")
            .unwrap();
        tx.fetch_all(&format!("PRAGMA max_page_count = {}", pages + 20), &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let error = fill(&db, &rows(100, 5_000)).await.unwrap_err();
        assert_eq!(error.code(), "db.disk_full", "{error}");
        assert_eq!(count(&db, "t").await, 100);
        // With room again the same handle goes on.
        let mut tx = db.write().await.unwrap();
        tx.fetch_all("PRAGMA max_page_count = 1000000", &[])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        fill(&db, &rows(100, 50)).await.unwrap();
        assert_eq!(count(&db, "t").await, 150);
        let mut tx = db.read().await.unwrap();
        let found = tx.fetch_one("PRAGMA integrity_check", &[]).await.unwrap();
        assert_eq!(found.text("integrity_check").unwrap(), "ok");
        drop(tx);
        db.checkpoint().await.unwrap();
        assert!(db.size_bytes().await.unwrap() > 100_000);
    });
}

#[test]
fn a_transaction_that_sqlite_ended_by_itself_is_cleared_away() {
    crate::testing::run(TestPlace::sqlite().unwrap(), |place| async {
        let db = place.open("main").await.unwrap();
        run(&db, &["CREATE TABLE t (id BIGINT PRIMARY KEY, s TEXT)"])
            .await
            .unwrap();
        for _ in 0..3 {
            let mut tx = db.write().await.unwrap();
            tx.execute("ROLLBACK", &[]).await.unwrap();
            drop(tx);
            fill(&db, &BulkRows::new(2)).await.unwrap();
        }
        fill(&db, &rows(0, 3)).await.unwrap();
        assert_eq!(count(&db, "t").await, 3);
    });
}

#[test]
fn a_file_that_is_no_database_is_named() {
    crate::testing::run(TestPlace::sqlite().unwrap(), |place| async {
        let (url, _) = place.address("main");
        let file = url.strip_prefix("sqlite://").unwrap();
        std::fs::write(
            file,
            "this is no database, whatever its name says ".repeat(100),
        )
        .unwrap();
        let error = Db::connect(&url, "main").await.unwrap_err();
        assert_eq!(error.code(), "db.corrupt", "{error}");
        let missing = Db::connect("sqlite:///nowhere/at/all.db", "main")
            .await
            .unwrap_err();
        assert_eq!(missing.code(), "db.connection", "{missing}");
        assert!(
            missing.to_string().contains("/nowhere/at/all.db"),
            "{missing}"
        );
    });
}

#[tokio::test]
async fn an_address_that_answers_nothing_is_a_fault_of_the_connection() {
    for url in [
        "mysql://x",
        "/a/file",
        "postgres://nobody@127.0.0.1:9/none",
        "postgres://[",
    ] {
        let error = Db::connect(url, "main").await.unwrap_err();
        assert_eq!(error.code(), "db.connection", "{url}: {error}");
    }
    let error = Db::connect("sqlite:///tmp/x.db", "Bad Schema")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "db.query", "{error}");
}

#[test]
fn changes_that_wait_in_a_log_without_its_index_are_not_left_out() {
    crate::testing::run(TestPlace::sqlite().unwrap(), |place| async {
        let db = place.open("main").await.unwrap();
        run(&db, &["CREATE TABLE t (id BIGINT PRIMARY KEY, s TEXT)"])
            .await
            .unwrap();
        fill(&db, &rows(0, 3)).await.unwrap();
        let (url, _) = place.address("main");
        let file = url.strip_prefix("sqlite://").unwrap();
        // As a program that was killed leaves it: the rows stand in the log only.
        let (copied, _) = place.address("copied");
        let copy = copied.strip_prefix("sqlite://").unwrap();
        for ending in ["", "-wal"] {
            std::fs::copy(format!("{file}{ending}"), format!("{copy}{ending}")).unwrap();
        }
        let reading = Db::connect_to_read(&copied, "main").await.unwrap();
        assert_eq!(count(&reading, "t").await, 3);
    });
}

crate::on_both_engines! {
    async fn a_database_opened_to_be_read_is_not_made_and_not_written(place: &TestPlace) {
        let (url, schema) = place.address("main");
        let missing = Db::connect_to_read(&url, &schema).await.unwrap_err();
        assert_eq!(missing.code(), "db.missing", "{missing}");
        if let Some(file) = url.strip_prefix("sqlite://") {
            assert!(!std::path::Path::new(file).exists(), "it was made");
        }
        let db = place.open("main").await.unwrap();
        run(&db, &["CREATE TABLE t (id BIGINT PRIMARY KEY)", "INSERT INTO t VALUES (1)"]).await.unwrap();
        let reading = Db::connect_to_read(&url, &schema).await.unwrap();
        assert!(reading.is_to_be_read() && !db.is_to_be_read());
        assert_eq!(count(&reading, "t").await, 1);
        assert_eq!(reading.write().await.unwrap_err().code(), "db.read_only");
        let mut tx = reading.read().await.unwrap();
        tx.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap_err();
        drop(tx);
        // What another program commits meanwhile is seen.
        run(&db, &["INSERT INTO t VALUES (3)"]).await.unwrap();
        assert_eq!(count(&reading, "t").await, 2);
        reading.checkpoint().await.unwrap();
        reading.close().await;
        assert_eq!(reading.read().await.unwrap_err().code(), "db.connection");
    }

    async fn a_closed_database_says_so(db: Db) {
        db.close().await;
        assert_eq!(db.read().await.unwrap_err().code(), "db.connection");
        assert_eq!(db.write().await.unwrap_err().code(), "db.connection");
    }

    async fn a_lost_connection_is_told_and_replaced(place: &TestPlace) {
        let db = place.open("main").await.unwrap();
        run(&db, &["CREATE TABLE t (id BIGINT PRIMARY KEY)"]).await.unwrap();
        if place.engine() == crate::Engine::Sqlite {
            return;
        }
        let mut victim = db.write().await.unwrap();
        let row = victim.fetch_one("SELECT pg_backend_pid() AS pid", &[]).await.unwrap();
        let mut killer = place.open("main").await.unwrap().write().await.unwrap();
        // The server takes pids as narrow numbers; the facade narrows them.
        killer.fetch_one("SELECT pg_terminate_backend($1::int)", &[row.values()[0].clone()]).await.unwrap();
        let error = victim.execute("INSERT INTO t VALUES (1)", &[]).await.unwrap_err();
        assert_eq!(error.code(), "db.connection", "{error}");
        drop(victim);
        assert_eq!(count(&db, "t").await, 0);
    }
}
