//! The SQL of persons as readers.

use db::{DbError, Row, Tx};
use kernel::{AccountId, Millis, RecordId, UnitId};

use crate::evidence::subjects::model::{Link, LinkId, Look, Relation};

const LINK: &str = "SELECT id, account, person, relation, verified, verified_by FROM account_person \
                    WHERE ended IS NULL";

fn link_of(row: &Row) -> Result<Link, DbError> {
    Ok(Link {
        id: LinkId(row.int("id")?),
        account: AccountId::new(row.int("account")?),
        person: RecordId::new(row.int("person")?),
        relation: Relation::of_word(row.text("relation")?).unwrap_or(Relation::Guardian),
        verified: Millis::new(row.int("verified")?),
        verified_by: row.text("verified_by")?.to_owned(),
    })
}

pub(crate) async fn insert(tx: &mut Tx, link: &Link) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account_person (id, account, person, relation, verified, verified_by) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            link.id.0.into(),
            link.account.into(),
            link.person.into(),
            link.relation.as_str().into(),
            link.verified.into(),
            link.verified_by.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn link(tx: &mut Tx, id: LinkId) -> Result<Option<Link>, DbError> {
    let row = tx
        .fetch_optional(&format!("{LINK} AND id = $1"), &[id.0.into()])
        .await?;
    row.as_ref().map(link_of).transpose()
}

pub(crate) async fn links_of(tx: &mut Tx, account: AccountId) -> Result<Vec<Link>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{LINK} AND account = $1 ORDER BY id"),
            &[account.into()],
        )
        .await?;
    rows.iter().map(link_of).collect()
}

pub(crate) async fn links_to(tx: &mut Tx, person: RecordId) -> Result<Vec<Link>, DbError> {
    let rows = tx
        .fetch_all(
            &format!("{LINK} AND person = $1 ORDER BY id"),
            &[person.into()],
        )
        .await?;
    rows.iter().map(link_of).collect()
}

pub(crate) async fn end(tx: &mut Tx, id: LinkId, by: &str, now: Millis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account_person SET ended = $1, ended_by = $2 WHERE id = $3 AND ended IS NULL",
        &[now.into(), by.into(), id.0.into()],
    )
    .await?;
    Ok(())
}

/// The readings of a person, the latest first.
pub(crate) async fn looks(
    tx: &mut Tx,
    person: RecordId,
    before: i64,
    most: i64,
) -> Result<Vec<Look>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT audit.number AS number, at, actor, action, unit, post, purpose, in_full, persons \
             FROM audit_person JOIN audit ON audit.number = audit_person.number \
             WHERE audit_person.person = $1 AND audit_person.number < $2 \
             ORDER BY audit_person.number DESC LIMIT $3",
            &[person.into(), before.into(), most.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Look {
                number: row.int("number")?,
                at: Millis::new(row.int("at")?),
                action: row.text("action")?.to_owned(),
                unit: row.opt_int("unit")?.map(UnitId::new),
                post: row.opt_text("post")?.unwrap_or_default().to_owned(),
                purpose: row.opt_text("purpose")?.unwrap_or_default().to_owned(),
                in_full: row.opt_int("in_full")?.map(|flag| flag == 1),
                persons: row.opt_int("persons")?.unwrap_or_default(),
                reader: Some(row.text("actor")?.to_owned()),
            })
        })
        .collect()
}
