//! Who sees what when.

use std::time::Duration;

use kernel::Value;

use super::{count, run};
use crate::{DbError, Settings};

const TABLE: &str = "CREATE TABLE t (id BIGINT PRIMARY KEY)";

async fn add(tx: &mut crate::Tx, id: i64) -> Result<u64, DbError> {
    tx.execute("INSERT INTO t (id) VALUES ($1)", &[Value::Int(id)])
        .await
}

crate::on_both_engines! {
    async fn a_read_sees_one_state_while_others_write(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut reading = db.read().await.unwrap();
        let mut writing = db.write().await.unwrap();
        add(&mut writing, 1).await.unwrap();
        assert_eq!(count(&db, "t").await, 0);
        writing.commit().await.unwrap();
        assert_eq!(count(&db, "t").await, 1);
        let rows = reading.fetch_all("SELECT id FROM t", &[]).await.unwrap();
        assert!(rows.is_empty(), "the read began before the write");
    }

    async fn what_is_not_committed_is_gone(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        drop(tx);
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        tx.rollback();
        assert_eq!(count(&db, "t").await, 0);
    }

    async fn a_failed_statement_fails_the_transaction(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        let error = add(&mut tx, 1).await.unwrap_err();
        assert_eq!(error.code(), "db.unique", "{error}");
        assert!(add(&mut tx, 2).await.is_err());
        assert!(tx.commit().await.is_err());
        assert_eq!(count(&db, "t").await, 0);
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 3).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&db, "t").await, 1);
    }

    async fn an_abandoned_statement_fails_the_transaction(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        let slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) AS c FROM n";
        let given_up = tokio::time::timeout(Duration::from_millis(20), tx.fetch_all(slow, &[])).await;
        assert!(given_up.is_err(), "the statement is too quick for this test");
        assert!(tx.commit().await.is_err());
        let mut tx = db.write().await.unwrap();
        add(&mut tx, 2).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&db, "t").await, 1);
    }

    async fn a_reading_transaction_cannot_write(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let error = add(&mut tx, 1).await.unwrap_err();
        assert_eq!(error.code(), "db.read_only", "{error}");
        drop(tx);
        assert_eq!(count(&db, "t").await, 0);
    }

    async fn writers_of_two_processes_take_turns(place: &TestPlace) {
        let one = place.open("main").await.unwrap();
        let two = place.open("main").await.unwrap();
        run(&one, &[TABLE]).await.unwrap();
        let mut working = Vec::new();
        for writer in 0..8_i64 {
            let db = if writer % 2 == 0 { one.clone() } else { two.clone() };
            working.push(tokio::spawn(async move {
                for number in 0..10 {
                    let mut tx = db.write().await?;
                    add(&mut tx, writer * 100 + number).await?;
                    tx.commit().await?;
                }
                Ok::<(), DbError>(())
            }));
        }
        for task in working {
            task.await.unwrap().unwrap();
        }
        assert_eq!(count(&one, "t").await, 80);
        assert_eq!(count(&two, "t").await, 80);
    }

    async fn waiting_too_long_is_busy(place: &TestPlace) {
        let db = place.open("main").await.unwrap();
        run(&db, &[TABLE]).await.unwrap();
        let hurried = Settings { longest_wait: Duration::from_millis(300), ..Settings::default() };
        let other = place.open_with("main", &hurried).await.unwrap();
        let mut first = db.write().await.unwrap();
        add(&mut first, 1).await.unwrap();
        // SQLite waits for its turn, PostgreSQL for the row with the same key.
        let blocked = async {
            let mut second = other.write().await?;
            add(&mut second, 1).await
        };
        let error = blocked.await.unwrap_err();
        assert_eq!(error.code(), "db.busy", "{error}");
        first.commit().await.unwrap();
        let mut third = other.write().await.unwrap();
        add(&mut third, 2).await.unwrap();
        third.commit().await.unwrap();
        assert_eq!(count(&db, "t").await, 2);
    }

    async fn a_process_waits_while_another_writes(place: &TestPlace) {
        let one = place.open("main").await.unwrap();
        let two = place.open("main").await.unwrap();
        run(&one, &[TABLE]).await.unwrap();
        let mut first = one.write().await.unwrap();
        add(&mut first, 1).await.unwrap();
        let waiting = tokio::spawn(async move {
            let mut second = two.write().await?;
            add(&mut second, 2).await?;
            second.commit().await
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        first.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
        assert_eq!(count(&one, "t").await, 2);
    }
}
