//! What goes in comes out, the same on both engines.

use kernel::Value;

use super::run;
use crate::{ColumnType, DbError, Tx};

const TABLE: &str = "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT, s TEXT, b BYTES)";

fn int(number: i64) -> Value {
    Value::Int(number)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

async fn store(tx: &mut Tx, values: [Value; 4]) -> Result<u64, DbError> {
    tx.execute(
        "INSERT INTO t (id, n, s, b) VALUES ($1, $2, $3, $4)",
        &values,
    )
    .await
}

#[test]
fn futures_may_move_between_threads() {
    fn assert_send<T: Send>(_: T) {}
    fn all(db: &crate::Db, mut tx: Tx, rows: &crate::bulk::BulkRows) {
        assert_send(db.read());
        assert_send(db.write());
        assert_send(async move {
            tx.execute("", &[]).await.unwrap();
            tx.scan("", &[], &[], 1, |_| Ok(())).await.unwrap();
            crate::bulk::insert(&mut tx, "t", &[], rows).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    let _ = all;
}

crate::on_both_engines! {
    async fn values_come_back_as_they_went_in(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        // Plane 2 and the level-3 characters of GB 18030-2022, the middle dot, tabs and line ends.
        let texts = ["", "渭河", "𠮷野家", "𬭳𬭶𬬭", "乡·村•校", "a\tb\nc\r\\N\\.", "'\"$1;--"];
        let bytes = [vec![], vec![0, 255, 92, 10], vec![7; 100_000]];
        let numbers = [0, -1, i64::MAX, i64::MIN];
        let mut tx = db.write().await.unwrap();
        let mut wanted = Vec::new();
        for id in 0..7_usize {
            let row = [
                int(id as i64),
                int(numbers[id % numbers.len()]),
                text(texts[id]),
                Value::Bytes(bytes[id % bytes.len()].clone()),
            ];
            assert_eq!(store(&mut tx, row.clone()).await.unwrap(), 1);
            wanted.push(row.to_vec());
        }
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let rows = tx.fetch_all("SELECT id, n, s, b FROM t ORDER BY id", &[]).await.unwrap();
        assert_eq!(rows[0].names(), ["id", "n", "s", "b"]);
        let found: Vec<Vec<Value>> = rows.into_iter().map(crate::Row::into_values).collect();
        assert_eq!(found, wanted);
        for one in texts {
            let row = tx.fetch_one("SELECT id, s FROM t WHERE s = $1", &[text(one)]).await.unwrap();
            assert_eq!(row.text("s").unwrap(), one);
        }
    }

    async fn null_fits_every_column(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        let null = || Value::Null;
        store(&mut tx, [int(1), null(), null(), null()]).await.unwrap();
        store(&mut tx, [int(2), int(5), text("x"), Value::Bytes(vec![1])]).await.unwrap();
        store(&mut tx, [int(3), null(), text("y"), null()]).await.unwrap();
        let sql = "UPDATE t SET n = $1, s = $2, b = $3 WHERE id = $4";
        let changed = tx.execute(sql, &[null(), null(), null(), int(2)]).await;
        assert_eq!(changed.unwrap(), 1);
        let row = tx.fetch_one("SELECT n, s, b FROM t WHERE id = $1", &[int(2)]).await.unwrap();
        assert_eq!(row.opt_int("n").unwrap(), None);
        assert_eq!(row.opt_text("s").unwrap(), None);
        assert_eq!(row.opt_bytes("b").unwrap(), None);
        assert!(row.int("n").is_err());
        // The same text with a NULL first and a number afterwards, and one placeholder used twice.
        for (given, wanted) in [(null(), 3), (int(5), 0)] {
            let sql = "SELECT count(*) AS rows FROM t WHERE $1 IS NULL OR n = $1";
            let sql = sql.replace("$1 IS NULL", "CAST($1 AS BIGINT) IS NULL");
            let row = tx.fetch_one(&sql, &[given]).await.unwrap();
            assert_eq!(row.int("rows").unwrap(), wanted);
        }
        tx.rollback();
    }

    async fn numbers_of_every_width_are_whole_numbers(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for (id, number) in [(1, 4_000_000_000_000_i64), (2, -7), (3, 30_000)] {
            store(&mut tx, [int(id), int(number), text("abc"), Value::Null]).await.unwrap();
        }
        let sql = "SELECT 7 AS seven, sum(n) AS total, count(*) AS rows, max(n) AS most, length(max(s)) AS long FROM t";
        let row = tx.fetch_one(sql, &[]).await.unwrap();
        assert_eq!(row.values(), [int(7), int(4_000_000_029_993), int(3), int(4_000_000_000_000), int(3)]);
        let row = tx.fetch_one("SELECT sum(n) AS total FROM t WHERE id = 2", &[]).await.unwrap();
        assert_eq!(row.int("total").unwrap(), -7);
        // The server settles on a narrower number for the second placeholder.
        let row = tx.fetch_one("SELECT substr(s, $1, $2) AS part FROM t WHERE id = 1", &[int(2), int(1)]).await;
        if let Ok(row) = row {
            assert_eq!(row.text("part").unwrap(), "b");
        }
        drop(tx);
        let mut tx = db.read().await.unwrap();
        let error = tx.fetch_one("SELECT avg(n) AS mean FROM t", &[]).await;
        assert!(error.is_err() || error.unwrap().value(0) == Some(&Value::Null));
    }

    async fn mistakes_are_refused_in_words(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        for (sql, params) in [
            ("SELECT id FROM t WHERE id = $1", vec![]),
            ("SELECT id FROM t WHERE id = $1", vec![int(1), int(2)]),
            ("SELECT id FROM t WHERE s = $1", vec![text("a\0b")]),
            ("SELECT nothing FROM t", vec![]),
            ("SELEC id FROM t", vec![]),
        ] {
            let mut tx = db.read().await.unwrap();
            let error = tx.fetch_all(sql, &params).await.unwrap_err();
            assert_eq!(error.code(), "db.query", "{sql}: {error}");
            assert!(error.to_string().contains(&sql[..5]), "{error}");
        }
        let mut tx = db.read().await.unwrap();
        let error = tx.fetch_one("SELECT id FROM t", &[]).await.unwrap_err();
        assert!(error.to_string().contains("no row"), "{error}");
    }

    async fn text_is_ordered_and_matched_by_its_bytes(db: Db) {
        run(&db, &["CREATE TABLE names (s TEXT)"]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for name in ["b", "A", "a", "B", "_", "中", "𠮷"] {
            tx.execute("INSERT INTO names VALUES ($1)", &[text(name)]).await.unwrap();
        }
        let rows = tx.fetch_all("SELECT s FROM names WHERE s LIKE 'a%'", &[]).await.unwrap();
        assert_eq!(rows.len(), 1);
    }

    async fn a_scan_gives_columns(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for id in 0..10 {
            let row = if id % 3 == 0 {
                [int(id), Value::Null, Value::Null, Value::Null]
            } else {
                [int(id), int(id * 10), text(&format!("第{id}")), Value::Bytes(vec![id as u8; 2])]
            };
            store(&mut tx, row).await.unwrap();
        }
        tx.commit().await.unwrap();
        let kinds = [ColumnType::Int, ColumnType::Int, ColumnType::Text, ColumnType::Bytes];
        let mut sizes = Vec::new();
        let mut found = Vec::new();
        let mut tx = db.read().await.unwrap();
        let sql = "SELECT id, n, s, b FROM t WHERE id >= $1 ORDER BY id";
        tx.scan(sql, &[int(0)], &kinds, 4, |batch| {
            sizes.push(batch.rows());
            for row in 0..batch.rows() {
                let [id, n, s, b] = batch.columns() else { panic!("four columns") };
                let part = b.part(row).map(<[u8]>::to_vec);
                found.push((id.int(row), n.int(row), s.text(row).map(str::to_owned), part));
            }
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(sizes, [4, 4, 2]);
        assert_eq!(found[3], (Some(3), None, None, None));
        assert_eq!(found[4], (Some(4), Some(40), Some("第4".to_owned()), Some(vec![4, 4])));
        assert_eq!(found.len(), 10);
        let two = [ColumnType::Int; 2];
        let wrong = tx.scan(sql, &[int(1)], &two, 4, |_| Ok(())).await.unwrap_err();
        assert!(wrong.to_string().contains("4 columns"), "{wrong}");
    }

    async fn a_scan_keeps_every_text_and_number(db: Db) {
        run(&db, &[TABLE]).await.unwrap();
        let texts = ["", "\u{1}", "N", "\\N", "a\u{1f}b\tc\nd", "𠮷·渭河", "-1", "\u{ff}", "NULL"];
        let numbers = [i64::MIN, -1, 0, 7, i64::MAX];
        let mut tx = db.write().await.unwrap();
        for (id, one) in texts.iter().enumerate() {
            let number = if id % 4 == 3 { Value::Null } else { int(numbers[id % numbers.len()]) };
            store(&mut tx, [int(id as i64), number, text(one), Value::Null]).await.unwrap();
        }
        store(&mut tx, [int(99), Value::Null, Value::Null, Value::Null]).await.unwrap();
        let kinds = [ColumnType::Text, ColumnType::Int, ColumnType::Int, ColumnType::Text];
        let sql = "SELECT s, n, id, s FROM t WHERE id >= $1 ORDER BY id DESC";
        let mut found = Vec::new();
        tx.scan(sql, &[int(0)], &kinds, 3, |batch| {
            let [first, n, id, last] = batch.columns() else { panic!("four columns") };
            for row in 0..batch.rows() {
                assert_eq!(first.text(row), last.text(row));
                found.push((id.int(row).unwrap(), n.int(row), last.text(row).map(str::to_owned)));
            }
            Ok(())
        })
        .await
        .unwrap();
        let mut wanted = Vec::new();
        for row in tx.fetch_all("SELECT id, n, s FROM t ORDER BY id DESC", &[]).await.unwrap() {
            let text = row.opt_text("s").unwrap().map(str::to_owned);
            wanted.push((row.int("id").unwrap(), row.opt_int("n").unwrap(), text));
        }
        assert_eq!(found, wanted);
        assert_eq!(found.len(), texts.len() + 1);
        let kinds = [ColumnType::Int; 4];
        assert_eq!(tx.scan(sql, &[int(0)], &kinds, 3, |_| Ok(())).await.unwrap_err().code(), "db.query");
    }

    async fn a_later_row_can_stop_the_answer(place: &TestPlace) {
        let db = place.open("main").await.unwrap();
        run(&db, &[TABLE]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for id in 0..100 {
            store(&mut tx, [int(id), Value::Null, Value::Null, Value::Null]).await.unwrap();
        }
        let mut seen = 0;
        let stopped = tx
            .for_each("SELECT id FROM t", &[], |_| {
                seen += 1;
                if seen == 3 { Err(DbError::query("enough")) } else { Ok(()) }
            })
            .await;
        assert!(stopped.is_err());
        assert_eq!(seen, 3);
        assert!(tx.commit().await.is_err());
        assert_eq!(crate::tests::count(&db, "t").await, 0);
    }
}
