//! The exact query: the one question that reaches beyond the permit, and answers next to nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use kernel::{UnitId, Value, name_key};
use standard::Sensitivity;

use super::model::{Asked, Exact, PERSON, Refusal};
use super::{Answer, Persons, record, rules, store};
use crate::ledger::{LedgerError, Looked, Version, lookup_key};

/// The setting that says how many exact queries somebody may make within an hour.
pub const QUERIES_SETTING: &str = "exact_queries_an_hour";
/// As many where nobody set it.
const QUERIES: i64 = 20;
const HOUR: i64 = 3_600_000;
/// An answer takes at least so long, whoever was found or nobody: far more than the work takes, so that its time tells
/// nothing.
pub(crate) const TAKES: Duration = Duration::from_millis(250);

impl Persons<'_> {
    /// Does a person of exactly this name hold exactly this number, wherever the record lies? It is counted and recorded
    /// before it is answered, and answers school, state and what is under way. Somebody and nobody take the same time.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn exact(&self, name: &str, number: &str, asked: &Asked) -> Answer<Option<Exact>> {
        if self.registry.standard().purpose(&asked.purpose).is_none() {
            return Ok(Err(Refusal::Purpose));
        }
        if !rules::is_reference(&asked.reference) {
            return Ok(Err(Refusal::Reference));
        }
        if !self.may_query().await? {
            return Ok(Err(Refusal::TooMany));
        }
        let (answer, ()) = tokio::join!(
            self.holder_of(name, number, asked),
            tokio::time::sleep(TAKES)
        );
        Ok(Ok(answer?))
    }

    async fn holder_of(
        &self,
        name: &str,
        number: &str,
        asked: &Asked,
    ) -> Result<Option<Exact>, LedgerError> {
        let dataset = self.dataset()?;
        let ledger = self.registry.ledger();
        let kind = dataset
            .field("document_number")
            .and_then(|field| field.lookup.clone());
        let (name, number) = (lookup_key(name), lookup_key(number));
        let found = match (&number, kind) {
            (Some(number), Some(kind)) => {
                let looked: Looked = [(kind, BTreeSet::from([number.clone()]))].into();
                ledger.candidates_beyond(PERSON, &looked).await?
            }
            _ => Vec::new(),
        };
        let is = |version: &Version, field: &str, key: &Option<String>| {
            let text = rules::value(dataset, version, field).and_then(Value::as_text);
            text.zip(key.as_deref())
                .is_some_and(|(text, key)| name_key(text) == key)
        };
        let today = self.registry.today();
        let mut own: Vec<&Version> = found
            .iter()
            .filter(|version| is(version, "document_number", &number) && is(version, "name", &name))
            .collect();
        own.sort_by_key(|version| (version.from <= today, version.from));
        let last = own.last().copied();
        let person = last.map(|version| version.record);
        let persons: Vec<_> = person.into_iter().collect();
        record(
            self.registry,
            self.permit,
            &persons,
            Some(asked),
            Sensitivity::Internal,
            false,
        )
        .await?;
        // The same is looked up for nobody as for somebody.
        let unit = last.map_or(UnitId::new(0), |version| version.unit);
        let keeper = ledger.unit_name(unit).await?;
        let pending = match self.registry.cases() {
            Some(cases) => {
                let of = format!("person:{}", person.map_or(0, kernel::RecordId::get));
                cases.under_way(&of).await?
            }
            None => Vec::new(),
        };
        Ok(last.map(|version| Exact {
            keeper: keeper.unwrap_or_default(),
            in_force: version.from <= today && version.to.is_none_or(|to| today < to),
            pending,
        }))
    }

    /// Counts a query; whether it is within the limit.
    async fn may_query(&self) -> Result<bool, LedgerError> {
        let said = self.registry.security().setting(QUERIES_SETTING).await?;
        let most = said
            .and_then(|most| most.trim().parse().ok())
            .unwrap_or(QUERIES);
        let now = self.registry.ledger().clock().now();
        let actor = self.permit.actor().to_string();
        let mut tx = self.registry.imports().work().write().await?;
        let made = store::note_query(&mut tx, &actor, now, now.add(-HOUR)).await?;
        tx.commit().await?;
        Ok(made <= most)
    }
}
