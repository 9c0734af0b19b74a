//! What programs may know of this part's routes.

use crate::describe::{Answer, DAY, In, LANGUAGE, Operation, Parameter, TEXT};

const fn filter(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Query,
        about,
        schema,
    }
}

pub(super) static EXPORT_AUDIT: Operation = Operation {
    id: "exportAudit",
    summary: "The entries of the audit log that a search finds, the latest first",
    parameters: &[
        filter("from", "From this day on", DAY),
        filter("to", "Up to this day, itself included", DAY),
        filter(
            "actor",
            "Who: account:17, job:import, or a name to sign in with",
            TEXT,
        ),
        filter("action", "What, by its word in the log", TEXT),
        filter("subject", "The beginning of the subject", TEXT),
        filter("outcome", "How it ended, by its word in the log", TEXT),
        filter("address", "The beginning of the address", TEXT),
        filter(
            "person",
            "The record id of a person that it is about",
            r#"{"type": "integer", "minimum": 1, "maximum": 9007199254740991}"#,
        ),
        filter("trace", "The trace number of a file", TEXT),
        filter("operation", "The id of a request", TEXT),
        LANGUAGE,
    ],
    body: None,
    answers: &[Answer::csv("A header, and a line for each entry")],
};
