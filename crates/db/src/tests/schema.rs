//! Migrations, tables from definitions, and the listing of a schema.

use kernel::Value;

use crate::{
    ColumnSpec, ColumnType, IndexSpec, Migration, TableSpec, ensure_table, migrate, schema_text,
    stored_tables,
};

const FIRST: Migration = Migration {
    name: "first",
    sql: "CREATE TABLE a (x BIGINT PRIMARY KEY, s TEXT NOT NULL DEFAULT 'a;b', b BYTES, u TEXT UNIQUE); -- ; not here\n\
          CREATE INDEX a_s ON a (s, x) WHERE b IS NULL;\n\
          INSERT INTO a (x, s) VALUES (1, 'TEXT BYTES');",
};
const SECOND: Migration = Migration {
    name: "second",
    sql: "CREATE TABLE b (y BIGINT, z BIGINT NOT NULL DEFAULT 0, x BIGINT REFERENCES a (x), PRIMARY KEY (z, y));\n\
          ALTER TABLE a ADD COLUMN later TEXT",
};

fn spec(columns: &[(&str, ColumnType, bool)]) -> TableSpec {
    let column = |(name, kind, nullable): &(&str, ColumnType, bool)| ColumnSpec {
        name: (*name).to_owned(),
        kind: *kind,
        nullable: *nullable,
    };
    TableSpec {
        name: "d_school".to_owned(),
        columns: columns.iter().map(column).collect(),
        primary_key: vec!["id".to_owned(), "since".to_owned()],
        indexes: vec![IndexSpec {
            name: "d_school_order".to_owned(),
            columns: vec!["order".to_owned(), "id".to_owned()],
            unique: true,
            filled_only: false,
        }],
    }
}

const COLUMNS: [(&str, ColumnType, bool); 3] = [
    ("id", ColumnType::Int, false),
    ("since", ColumnType::Int, false),
    ("order", ColumnType::Text, true),
];

crate::on_both_engines! {
    async fn steps_are_run_once_and_listed_alike(place: &TestPlace) {
        let one = place.open("main").await.unwrap();
        let two = place.open("main").await.unwrap();
        // Two processes start at the same moment.
        let both = [FIRST, SECOND];
        let (first, second) = futures::future::join(migrate(&one, &both), migrate(&two, &both)).await;
        first.unwrap();
        second.unwrap();
        migrate(&one, &[FIRST, SECOND]).await.unwrap();
        assert_eq!(crate::tests::count(&one, "schema_migration").await, 2);
        assert_eq!(crate::tests::count(&one, "a").await, 1);
        let wanted = "table a\n  x BIGINT not null\n  s TEXT not null default 'a;b'\n  b BYTES\n  u TEXT\n  later TEXT\n\
                      \x20 primary key (x)\n  index a_s (s, x) where b IS NULL\n  unique (u)\n\n\
                      table b\n  y BIGINT not null\n  z BIGINT not null default 0\n  x BIGINT\n  primary key (z, y)\n\
                      \x20 foreign key (x) references a (x)\n\n\
                      table schema_migration\n  name TEXT not null\n  hash TEXT not null\n  at BIGINT not null\n\
                      \x20 primary key (name)\n\n";
        assert_eq!(schema_text(&one).await.unwrap(), wanted);
        let mut tx = one.read().await.unwrap();
        assert_eq!(tx.fetch_one("SELECT s FROM a", &[]).await.unwrap().text("s").unwrap(), "TEXT BYTES");
    }

    async fn a_changed_or_wrong_step_is_refused(db: Db) {
        migrate(&db, &[FIRST]).await.unwrap();
        let changed = Migration { name: "first", sql: "CREATE TABLE a (x BIGINT)" };
        let error = migrate(&db, &[changed]).await.unwrap_err();
        assert!(error.to_string().contains("`first`"), "{error}");
        let wrong = Migration { name: "wrong", sql: "CREATE TABLE c (x BIGINT); CREATE TABLE a (x BIGINT)" };
        let error = migrate(&db, &[FIRST, wrong]).await.unwrap_err();
        assert!(error.to_string().contains("`wrong`"), "{error}");
        assert!(!schema_text(&db).await.unwrap().contains("table c"));
        assert_eq!(crate::tests::count(&db, "schema_migration").await, 1);
    }

    async fn a_table_grows_and_never_changes(db: Db) {
        let mut tx = db.write().await.unwrap();
        ensure_table(&mut tx, &spec(&COLUMNS)).await.unwrap();
        ensure_table(&mut tx, &spec(&COLUMNS)).await.unwrap();
        tx.execute("INSERT INTO d_school (id, since, \"order\") VALUES (1, 1, 'x')", &[]).await.unwrap();
        let mut more = COLUMNS.to_vec();
        more.push(("outline", ColumnType::Bytes, true));
        more.push(("name", ColumnType::Text, true));
        ensure_table(&mut tx, &spec(&more)).await.unwrap();
        tx.execute("UPDATE d_school SET outline = $1", &[Value::Bytes(vec![1])]).await.unwrap();
        // A definition without a field leaves the column where it is.
        ensure_table(&mut tx, &spec(&COLUMNS)).await.unwrap();
        tx.commit().await.unwrap();
        let wanted = "table d_school\n  id BIGINT not null\n  since BIGINT not null\n  order TEXT\n  outline BYTES\n  name TEXT\n\
                      \x20 primary key (id, since)\n  unique index d_school_order (order, id)\n\n";
        assert_eq!(schema_text(&db).await.unwrap(), wanted);
        let stored = stored_tables(&mut db.read().await.unwrap(), "d_").await.unwrap();
        let [school] = stored.as_slice() else { panic!("{stored:?}") };
        let columns: Vec<(&str, ColumnType)> = school.columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        assert_eq!(school.name, "d_school");
        assert_eq!(columns, more.iter().map(|(name, kind, _)| (*name, *kind)).collect::<Vec<_>>());
        for wrong in [("name", ColumnType::Int, true), ("must", ColumnType::Int, false), ("Nåme", ColumnType::Int, true)] {
            let mut columns = COLUMNS.to_vec();
            columns.push(wrong);
            let mut tx = db.write().await.unwrap();
            let error = ensure_table(&mut tx, &spec(&columns)).await.unwrap_err();
            assert_eq!(error.code(), "db.query");
            assert!(error.to_string().contains(wrong.0), "{error}");
        }
    }

    async fn text_in_tables_is_ordered_by_its_bytes(db: Db) {
        migrate(&db, &[Migration { name: "names", sql: "CREATE TABLE names (s TEXT)" }]).await.unwrap();
        let mut tx = db.write().await.unwrap();
        for name in ["b", "A", "a", "B", "_", "中", "𠮷", "丁"] {
            tx.execute("INSERT INTO names VALUES ($1)", &[name.into()]).await.unwrap();
        }
        let mut found = String::new();
        tx.for_each("SELECT s FROM names ORDER BY s", &[], |row| {
            found.push_str(row.text("s")?);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(found, "AB_ab丁中𠮷");
    }
}
