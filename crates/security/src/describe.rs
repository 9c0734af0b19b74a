//! What a route that programs call says of itself, declared beside its handler, and the OpenAPI document
//! made of it.
//!
//! ```text
//! Room::new().get("/dictionary.json", Access::SignedIn, dictionary_json::send).described(&DICTIONARY)
//! ```
//!
//! What follows from the route itself is not said again: who may call it, what is answered to others, and
//! what every route may answer (too much at once, a form too large).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::routes::{Access, Method, Route, RouteTable};

/// One operation as programs see it.
#[derive(Debug)]
pub struct Operation {
    /// Its name in generated clients: `readDictionary`.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What is in the address, and headers that count.
    pub parameters: &'static [Parameter],
    /// What is sent; `None`: nothing.
    pub body: Option<Body>,
    /// What is answered where it may be and is well formed.
    pub answers: &'static [Answer],
}

/// Two are the same if they have the same name.
impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Operation {}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    /// In the path; always needed.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: In,
    /// What it means.
    pub about: &'static str,
    /// Its JSON Schema, as JSON text.
    pub schema: &'static str,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Its media type.
    pub kind: &'static str,
    /// Its JSON Schema, as JSON text.
    pub schema: &'static str,
}

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// When.
    pub about: &'static str,
    /// Media type and JSON Schema (as JSON text) of its body; `None`: it has none.
    pub body: Option<Body>,
}

/// The day in the world, in the query.
pub const AS_OF: Parameter = Parameter {
    name: "as_of",
    place: In::Query,
    about: "The day in the world (业务时点); today where left out",
    schema: DAY,
};

/// The day of what was known, in the query.
pub const KNOWN_ON: Parameter = Parameter {
    name: "known_on",
    place: In::Query,
    about: "As known at the end of that day (掌握时点); now where left out",
    schema: DAY,
};

/// What the reader has already.
pub const IF_NONE_MATCH: Parameter = Parameter {
    name: "If-None-Match",
    place: In::Header,
    about: "The validator of what the reader has",
    schema: TEXT,
};

/// The language of words.
pub const LANGUAGE: Parameter = Parameter {
    name: "Accept-Language",
    place: In::Header,
    about: "The language of words: Chinese, or English where that is asked for",
    schema: r#"{"type": "string", "enum": ["zh-CN", "en"]}"#,
};

/// The schema of a day.
pub const DAY: &str =
    r#"{"type": "string", "format": "date", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"}"#;

/// The schema of any text.
pub const TEXT: &str = r#"{"type": "string"}"#;

/// The schema of bytes.
pub const BYTES: &str = r#"{"type": "string", "format": "binary"}"#;

/// That it has not changed.
pub const NOT_MODIFIED: Answer = Answer {
    status: 304,
    about: "The reader has it already",
    body: None,
};

impl Answer {
    /// JSON.
    #[must_use]
    pub const fn json(about: &'static str, schema: &'static str) -> Self {
        Self::of("application/json", about, schema)
    }

    /// A table.
    #[must_use]
    pub const fn csv(about: &'static str) -> Self {
        Self::of("text/csv; charset=utf-8", about, TEXT)
    }

    /// Something else.
    #[must_use]
    pub const fn of(kind: &'static str, about: &'static str, schema: &'static str) -> Self {
        Self {
            status: 200,
            about,
            body: Some(Body { kind, schema }),
        }
    }

    /// The same with another status.
    #[must_use]
    pub const fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

/// What any route may answer, in any of the forms in which a program, a browser or a layer around the
/// handlers is told so.
const REFUSALS: [(u16, &str); 12] = [
    (
        400,
        "Something in the address or in what was sent cannot be read",
    ),
    (401, "Sign in first, or the token is none or has expired"),
    (403, "The post, or the scopes of the token, do not allow it"),
    (404, "There is no such thing, or none within reach"),
    (405, "The method is not one of this address"),
    (408, "What was sent came too slowly"),
    (409, "It does not go together with what is there now"),
    (413, "Too much was sent"),
    (415, "What was sent is of another kind than is taken"),
    (422, "What was sent can be read and not used"),
    (
        429,
        "Too often; the header Retry-After says when to come again",
    ),
    (503, "Not now; try again later"),
];

/// The OpenAPI 3.1 document of every route that is described.
#[must_use]
pub fn document(table: &RouteTable, version: &str) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in table.iter() {
        if let Some(operation) = route.operation {
            let method = route.method.as_str().to_ascii_lowercase();
            let path = paths.entry(route.path).or_default();
            path.insert(method, described(&route, operation));
        }
    }
    let scopes: BTreeMap<&str, &str> = standard::Action::CHOICES
        .iter()
        .map(|(word, _)| (*word, *word))
        .collect();
    let refusals: BTreeMap<String, Value> = REFUSALS
        .iter()
        .map(|(status, about)| {
            let problem = json!({ "$ref": "#/components/schemas/Problem" });
            let answer = json!({
                "description": about,
                "content": {
                    "application/json": { "schema": problem },
                    "text/html": { "schema": { "type": "string" } },
                    "text/plain": { "schema": { "type": "string" } },
                },
            });
            (format!("Status{status}"), answer)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "渭河 Weihe",
            "version": version,
            "description": "What programs read and send. Programs get a token at /oauth/token; people use the session of their browser.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": crate::web::SESSION_COOKIE },
                "client": {
                    "type": "oauth2",
                    "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": scopes } },
                },
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "description": "Why not: a stable code, and a sentence that says what to do",
                    "properties": {
                        "code": { "type": "string" },
                        "message": { "type": "string" },
                        "error": { "type": "string" },
                        "error_description": { "type": "string" },
                    },
                },
            },
            "responses": refusals,
        },
    })
}

/// A schema as JSON; one that is none becomes `false`, which nothing fits (a test looks at all of them).
fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Bool(false))
}

fn described(route: &Route, operation: &Operation) -> Value {
    let parameters: Vec<Value> = operation
        .parameters
        .iter()
        .map(|parameter| {
            let place = match parameter.place {
                In::Path => "path",
                In::Query => "query",
                In::Header => "header",
            };
            json!({
                "name": parameter.name,
                "in": place,
                "required": parameter.place == In::Path,
                "description": parameter.about,
                "schema": schema(parameter.schema),
            })
        })
        .collect();
    let mut answers = Map::new();
    for (status, _) in REFUSALS {
        let reference = json!({ "$ref": format!("#/components/responses/Status{status}") });
        answers.insert(status.to_string(), reference);
    }
    if route.access != Access::Public && route.method == Method::Get {
        // A reader that takes pages is led to the sign-in page.
        answers.insert(
            "303".to_owned(),
            json!({ "description": "To the sign-in page, for readers that take pages" }),
        );
    }
    for answer in operation.answers {
        let mut value = json!({ "description": answer.about });
        if let (Some(body), Some(object)) = (&answer.body, value.as_object_mut()) {
            let content = json!({ body.kind: { "schema": schema(body.schema) } });
            object.insert("content".to_owned(), content);
        }
        answers.insert(answer.status.to_string(), value);
    }
    let security = match route.access {
        Access::Public => json!([]),
        Access::SignedIn => json!([{ "session": [] }, { "client": [] }]),
        Access::Action(action) => json!([{ "session": [] }, { "client": [action.as_str()] }]),
    };
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "security": security,
        "responses": answers,
    });
    if let (Some(body), Some(object)) = (&operation.body, value.as_object_mut()) {
        let content = json!({ body.kind: { "schema": schema(body.schema) } });
        let sent = json!({ "required": true, "content": content });
        object.insert("requestBody".to_owned(), sent);
    }
    value
}

/// What is wrong with the declarations, for a test of the whole program: schemas that are no JSON, names
/// used twice, parameters of the path that are not in it or not declared.
#[must_use]
pub fn faults(table: &RouteTable) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for route in table.iter() {
        let Some(operation) = route.operation else {
            continue;
        };
        let about = format!("{} {}", route.method.as_str(), route.path);
        if !ids.insert(operation.id) {
            faults.push(format!("{about}: {} is the name of another", operation.id));
        }
        let bodies = operation.answers.iter().filter_map(|answer| answer.body);
        let schemas = bodies.chain(operation.body).map(|body| body.schema).chain(
            operation
                .parameters
                .iter()
                .map(|parameter| parameter.schema),
        );
        for text in schemas {
            if let Err(error) = serde_json::from_str::<Value>(text) {
                faults.push(format!("{about}: {text}: {error}"));
            }
        }
        let declared: Vec<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == In::Path)
            .map(|parameter| parameter.name)
            .collect();
        let in_path: Vec<&str> = route.path.split(['{', '}']).skip(1).step_by(2).collect();
        if declared != in_path {
            faults.push(format!(
                "{about}: the path has {in_path:?}, declared are {declared:?}"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Room;

    static SCHOOL: Operation = Operation {
        id: "readSchool",
        summary: "One school",
        parameters: &[
            Parameter {
                name: "id",
                place: In::Path,
                about: "Its number",
                schema: r#"{"type": "integer", "minimum": 1}"#,
            },
            AS_OF,
        ],
        body: None,
        answers: &[
            Answer::json("The school", r#"{"type": "object"}"#),
            NOT_MODIFIED,
        ],
    };

    #[test]
    fn a_route_that_is_described_stands_in_the_document_with_who_may_call_it() {
        let read = Access::Action(standard::Action::Read);
        let (_, routes) = Room::<()>::new()
            .get("/schools", read, async || "a page")
            .get("/schools/{id}", read, async || "")
            .described(&SCHOOL)
            .into_parts();
        let table = RouteTable::new(routes).unwrap();
        assert_eq!(faults(&table), [] as [String; 0]);
        let document = document(&table, "1");
        assert_eq!(document["paths"].as_object().unwrap().len(), 1);
        let operation = &document["paths"]["/schools/{id}"]["get"];
        assert_eq!(operation["security"][1]["client"][0], "read");
        assert_eq!(operation["parameters"][0]["required"], true);
        assert_eq!(operation["parameters"][1]["schema"]["format"], "date");
        let answers = operation["responses"].as_object().unwrap();
        for status in ["200", "303", "304", "401", "404", "429"] {
            assert!(answers.contains_key(status), "{status}");
        }
    }

    #[test]
    fn a_declaration_that_is_wrong_is_found() {
        static WRONG: Operation = Operation {
            id: "wrong",
            summary: "",
            parameters: &[],
            body: None,
            answers: &[Answer::json("", "{")],
        };
        let (_, routes) = Room::<()>::new()
            .get("/a/{id}", Access::Public, async || "")
            .described(&WRONG)
            .get("/b", Access::Public, async || "")
            .described(&WRONG)
            .into_parts();
        let faults = faults(&RouteTable::new(routes).unwrap());
        assert_eq!(faults.len(), 4, "{faults:#?}");
    }
}
