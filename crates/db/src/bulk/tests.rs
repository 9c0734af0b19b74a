use kernel::Value;

use super::*;
use crate::Db;

async fn table(db: &Db) {
    let bytes = if db.engine() == crate::Engine::Sqlite {
        "BLOB"
    } else {
        "BYTEA"
    };
    let sql = format!(
        "CREATE TABLE t (id BIGINT, day BIGINT, s TEXT, b {bytes}, until BIGINT, PRIMARY KEY (id, day))"
    );
    let mut tx = db.write().await.unwrap();
    tx.execute(&sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

const COLUMNS: [&str; 4] = ["id", "day", "s", "b"];

fn some_rows(count: i64) -> BulkRows {
    let mut rows = BulkRows::with_capacity(4, count as usize);
    for id in 0..count {
        let text = match id % 5 {
            0 => Value::Null,
            1 => Value::Text(String::new()),
            2 => Value::Text(format!("tab\tline\nreturn\rback\\slash \\N \\. {id}")),
            3 => Value::Text("𠮷·渭河".to_owned()),
            _ => Value::Text("same".to_owned()),
        };
        let bytes = if id % 2 == 0 {
            Value::Null
        } else {
            Value::Bytes(id.to_be_bytes().to_vec())
        };
        rows.push([Value::Int(id), Value::Int(-id), text, bytes])
            .unwrap();
    }
    rows
}

crate::on_both_engines! {
    async fn many_rows_come_back_as_they_went_in(db: Db) {
        table(&db).await;
        let rows = some_rows(40_000);
        let mut tx = db.write().await.unwrap();
        assert_eq!(insert(&mut tx, "t", &COLUMNS, &rows).await.unwrap(), 40_000);
        tx.commit().await.unwrap();
        let mut found = BulkRows::with_capacity(4, 40_000);
        let mut tx = db.read().await.unwrap();
        tx.for_each("SELECT id, day, s, b FROM t ORDER BY id", &[], |row| found.push(row.into_values())).await.unwrap();
        assert!(found.rows().eq(rows.rows()));
    }

    async fn nothing_and_one_are_amounts_too(db: Db) {
        table(&db).await;
        let mut tx = db.write().await.unwrap();
        assert_eq!(insert(&mut tx, "t", &COLUMNS, &BulkRows::new(4)).await.unwrap(), 0);
        assert_eq!(insert(&mut tx, "t", &COLUMNS, &some_rows(1)).await.unwrap(), 1);
        let vectors = vec![vec![Value::Int(9), Value::Int(9)], vec![Value::Int(10), Value::Int(9)]];
        assert_eq!(insert(&mut tx, "t", &["id", "day"], &vectors).await.unwrap(), 2);
        tx.commit().await.unwrap();
        assert_eq!(crate::tests::count(&db, "t").await, 3);
    }

    async fn a_key_given_twice_writes_nothing(db: Db) {
        table(&db).await;
        let mut rows = some_rows(9_000);
        rows.push([Value::Int(4), Value::Int(-4), Value::Null, Value::Null]).unwrap();
        let mut tx = db.write().await.unwrap();
        let error = insert(&mut tx, "t", &COLUMNS, &rows).await.unwrap_err();
        assert_eq!(error.code(), "db.unique", "{error}");
        assert!(tx.commit().await.is_err());
        assert_eq!(crate::tests::count(&db, "t").await, 0);
        let mut tx = db.write().await.unwrap();
        assert_eq!(insert(&mut tx, "t", &COLUMNS, &some_rows(9_000)).await.unwrap(), 9_000);
        tx.commit().await.unwrap();
    }

    async fn what_cannot_be_stored_is_refused(db: Db) {
        table(&db).await;
        let mut rows = some_rows(3_000);
        rows.push([Value::Int(-1), Value::Int(0), Value::Text("a\0b".to_owned()), Value::Null]).unwrap();
        let mut tx = db.write().await.unwrap();
        let error = insert(&mut tx, "t", &COLUMNS, &rows).await.unwrap_err();
        assert!(error.to_string().contains("U+0000"), "{error}");
        drop(tx);
        let mut tx = db.write().await.unwrap();
        assert!(insert(&mut tx, "t; DROP TABLE t", &COLUMNS, &rows).await.is_err());
        assert!(insert(&mut tx, "t", &["id"], &rows).await.is_err());
        assert!(rows.push([Value::Null]).is_err());
        assert_eq!(rows.len(), 3_001);
        // Refused before anything was sent: the transaction goes on.
        assert_eq!(insert(&mut tx, "t", &COLUMNS, &some_rows(10)).await.unwrap(), 10);
        tx.commit().await.unwrap();
        assert_eq!(crate::tests::count(&db, "t").await, 10);
    }

    async fn a_column_is_set_for_many_keys(db: Db) {
        table(&db).await;
        let mut tx = db.write().await.unwrap();
        insert(&mut tx, "t", &COLUMNS, &some_rows(30_000)).await.unwrap();
        let mut keys = BulkRows::new(2);
        for id in (0..30_000).step_by(2) {
            keys.push([Value::Int(id), Value::Int(-id)]).unwrap();
        }
        keys.push([Value::Int(1), Value::Int(5)]).unwrap();
        let changed = update_by_keys(&mut tx, "t", "until", &Value::Int(7), &["id", "day"], &keys).await.unwrap();
        assert_eq!(changed, 15_000);
        let row = tx.fetch_one("SELECT count(*) AS rows, min(id) AS low FROM t WHERE until = 7", &[]).await.unwrap();
        assert_eq!((row.int("rows").unwrap(), row.int("low").unwrap()), (15_000, 0));
        let mut one = BulkRows::new(1);
        one.push([Value::Text("same".to_owned())]).unwrap();
        let changed = update_by_keys(&mut tx, "t", "until", &Value::Null, &["s"], &one).await.unwrap();
        assert_eq!(changed, 6_000);
        assert_eq!(update_by_keys(&mut tx, "t", "until", &Value::Null, &["s"], &BulkRows::new(1)).await.unwrap(), 0);
        tx.commit().await.unwrap();
    }

    async fn rows_are_found_by_many_keys(db: Db) {
        table(&db).await;
        let mut tx = db.write().await.unwrap();
        insert(&mut tx, "t", &COLUMNS, &some_rows(40_000)).await.unwrap();
        let mut keys = BulkRows::new(1);
        for id in 0..35_000 {
            keys.push([Value::Int(id * 2)]).unwrap();
        }
        keys.push([Value::Int(0)]).unwrap();
        let mut total = 0;
        let mut rows = 0;
        for_each_by_keys(&mut tx, "t", &["day", "id"], &["id"], &keys, "until IS NULL", |row| {
            assert_eq!(row.names(), ["day", "id"]);
            total += row.int("id")?;
            rows += 1;
            Ok(())
        })
        .await
        .unwrap();
        // The repeated key stands in another statement on SQLite, so that its row comes again there.
        assert!(rows == 20_000 || rows == 20_001, "{rows}");
        assert_eq!(total, (0..20_000_i64).map(|id| id * 2).sum::<i64>());
    }
}

#[test]
fn keys_are_found_through_the_index() {
    crate::testing::run(
        crate::testing::TestPlace::sqlite().unwrap(),
        |place| async {
            let db = place.open("main").await.unwrap();
            table(&db).await;
            let mut tx = db.read().await.unwrap();
            let sql = "EXPLAIN QUERY PLAN UPDATE t SET until = 1 WHERE (id, day) IN (VALUES (1, 2), (3, 4))";
            let plan = tx.fetch_all(sql, &[]).await;
            let shown = format!("{plan:?}");
            assert!(shown.contains("(id=? AND day=?)"), "{shown}");
        },
    );
}
