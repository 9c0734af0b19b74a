//! What programs may know of this room's routes.

use security::describe::{AS_OF, Answer, In, KNOWN_ON, LANGUAGE, Operation, Parameter, TEXT};

const DICTIONARY: &str = r#"{
    "type": "object",
    "required": ["version", "hash", "datasets", "code_sets", "checks", "figures", "posts"],
    "properties": {
        "version": {"type": "string"},
        "hash": {"type": "string"},
        "datasets": {"type": "array", "items": {"type": "object", "required": ["name", "title", "fields"]}},
        "code_sets": {"type": "array", "items": {"type": "object", "required": ["name", "title", "entries"]}},
        "checks": {"type": "array", "items": {"type": "object", "required": ["code", "dataset", "message"]}},
        "figures": {"type": "array", "items": {"type": "object", "required": ["name", "title", "unit"]}},
        "posts": {"type": "array", "items": {"type": "object", "required": ["name", "title", "actions"]}}
    }
}"#;

pub(super) static READ_DICTIONARY: Operation = Operation {
    id: "readDictionary",
    summary: "The data standard: datasets, code sets, checks, figures, posts",
    parameters: &[],
    body: None,
    answers: &[Answer::json("The whole of it", DICTIONARY)],
};

const PLACES: &str = r#"{
    "type": "array",
    "items": {
        "type": "object",
        "required": ["value", "label"],
        "properties": {"value": {"type": "string"}, "label": {"type": "string"}}
    }
}"#;

pub(super) static LIST_PLACES: Operation = Operation {
    id: "listPlaces",
    summary: "The divisions below one",
    parameters: &[
        Parameter {
            name: "parent",
            place: In::Query,
            about: "The code of the one above; without it, or with one that is not there, the list is empty",
            schema: r#"{"type": "string", "pattern": "^\\d{6}(\\d{3}){0,2}$", "examples": ["610100"]}"#,
        },
        AS_OF,
        KNOWN_ON,
    ],
    body: None,
    answers: &[Answer::json("Codes with their names", PLACES)],
};

const fn filter(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Query,
        about,
        schema,
    }
}

pub(super) static EXPORT_INSTITUTIONS: Operation = Operation {
    id: "exportInstitutions",
    summary: "The institutions that a list shows, as a table that can be imported again",
    parameters: &[
        filter(
            "q",
            "A part of the name, pinyin initials, or the code",
            TEXT,
        ),
        filter(
            "division",
            "The code of a division; what lies below it counts",
            r#"{"type": "string", "pattern": "^\\d{6}(\\d{3}){0,2}$"}"#,
        ),
        filter("kind", "A code of institution_kind; may be repeated", TEXT),
        filter(
            "status",
            "A code of institution_status; may be repeated",
            TEXT,
        ),
        AS_OF,
        KNOWN_ON,
        LANGUAGE,
    ],
    body: None,
    answers: &[Answer::csv("A header, and a line for each institution")],
};

pub(super) static READ_REFUSED: Operation = Operation {
    id: "readRefusedRows",
    summary: "The rows of an import that were refused, each with its reasons",
    parameters: &[
        Parameter {
            name: "id",
            place: In::Path,
            about: "The number of the import",
            schema: r#"{"type": "integer", "minimum": 1, "maximum": 9007199254740991}"#,
        },
        LANGUAGE,
    ],
    body: None,
    answers: &[Answer::csv(
        "The rows as they were sent, with their reasons",
    )],
};
