//! What programs may know of this room's routes.

use security::describe::{
    AS_OF, Answer, BYTES, IF_NONE_MATCH, In, KNOWN_ON, LANGUAGE, NOT_MODIFIED, Operation,
    Parameter, TEXT,
};

const fn query(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Query,
        about,
        schema,
    }
}

const fn path(name: &'static str, about: &'static str, schema: &'static str) -> Parameter {
    Parameter {
        name,
        place: In::Path,
        about,
        schema,
    }
}

const DIVISION: &str =
    r#"{"type": "string", "pattern": "^\\d{6}(\\d{3}){0,2}$", "examples": ["610113"]}"#;

const KIND: Parameter = query(
    "kind",
    "Kinds of institution: all, or codes of institution_kind joined by commas",
    r#"{"type": "string", "pattern": "^(all|[A-Za-z0-9]{1,8}(,[A-Za-z0-9]{1,8})*)$"}"#,
);

const FIGURE: Parameter = query(
    "figure",
    "The name of a figure of the data standard; the first one where there is none of that name",
    r#"{"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}"#,
);

const LEVEL: Parameter = query(
    "level",
    "The level of the places that are counted",
    r#"{"type": "string", "enum": ["province", "city", "county", "township"]}"#,
);

const WITHIN: Parameter = query("within", "Only places within this division", DIVISION);

const FIGURES: &str = r#"{
    "type": "object",
    "required": ["figure", "name", "unit", "decimals", "classes", "values", "missing", "note", "total", "as_of", "commit", "synthetic"],
    "properties": {
        "figure": {"type": "string"},
        "name": {"type": "string"},
        "unit": {"type": "string"},
        "decimals": {"type": "integer", "minimum": 0},
        "classes": {"type": "array", "items": {"type": "object", "required": ["from", "to", "label", "colour"]}},
        "values": {
            "type": "object",
            "description": "By the code of the place",
            "additionalProperties": {
                "type": "object",
                "required": ["text", "class", "name", "value", "coverage"],
                "properties": {
                    "value": {"type": ["number", "null"]},
                    "coverage": {"type": "string", "enum": ["whole", "part", "outside"]}
                }
            }
        },
        "missing": {"type": "integer", "minimum": 0},
        "note": {"type": "string"},
        "total": {"type": "object", "required": ["value", "coverage"]},
        "as_of": {"type": "string", "format": "date"},
        "commit": {"type": "integer"},
        "synthetic": {"type": "boolean"}
    }
}"#;

pub(super) static READ_FIGURES: Operation = Operation {
    id: "readFigures",
    summary: "A figure by place, with its classes and how it was made",
    parameters: &[
        FIGURE,
        LEVEL,
        WITHIN,
        KIND,
        AS_OF,
        KNOWN_ON,
        LANGUAGE,
        IF_NONE_MATCH,
    ],
    body: None,
    answers: &[Answer::json("The figure", FIGURES), NOT_MODIFIED],
};

pub(super) static EXPORT_FIGURES: Operation = Operation {
    id: "exportFigures",
    summary: "A figure by place, as a table",
    parameters: &[FIGURE, LEVEL, WITHIN, KIND, AS_OF, KNOWN_ON, LANGUAGE],
    body: None,
    answers: &[Answer::csv("A header, and a line for each place")],
};

pub(super) static READ_PANEL: Operation = Operation {
    id: "readPlacePanel",
    summary: "The panel of a place beside the map, as a part of a page",
    parameters: &[
        path("code", "The code of the division", DIVISION),
        FIGURE,
        LEVEL,
        AS_OF,
        KNOWN_ON,
        LANGUAGE,
        IF_NONE_MATCH,
    ],
    body: None,
    answers: &[
        Answer::of("text/html; charset=utf-8", "The panel", TEXT),
        NOT_MODIFIED,
    ],
};

const TILE_JSON: &str = r#"{
    "type": "object",
    "required": ["tilejson", "tiles", "minzoom", "maxzoom", "vector_layers"],
    "properties": {
        "tilejson": {"const": "3.0.0"},
        "tiles": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "minzoom": {"type": "integer"},
        "maxzoom": {"type": "integer"},
        "bounds": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        "vector_layers": {"type": "array", "items": {"type": "object", "required": ["id", "fields"]}}
    }
}"#;

pub(super) static READ_LAYER: Operation = Operation {
    id: "readLayer",
    summary: "What a map program must know of a layer (TileJSON 3.0)",
    parameters: &[
        path(
            "file",
            "The name of the layer and .json",
            r#"{"type": "string", "pattern": "^(province|city|county|township|institution)\\.json$", "examples": ["institution.json"]}"#,
        ),
        AS_OF,
        KNOWN_ON,
        LANGUAGE,
        IF_NONE_MATCH,
    ],
    body: None,
    answers: &[Answer::json("The layer", TILE_JSON), NOT_MODIFIED],
};

pub(super) static READ_TILE: Operation = Operation {
    id: "readTile",
    summary: "One vector tile (Mapbox Vector Tile 2.1)",
    parameters: &[
        path(
            "layer",
            "The layer",
            r#"{"type": "string", "enum": ["province", "city", "county", "township", "institution"], "examples": ["institution"]}"#,
        ),
        path(
            "z",
            "The zoom",
            r#"{"type": "integer", "minimum": 0, "maximum": 24, "examples": [6]}"#,
        ),
        path(
            "x",
            "The column",
            r#"{"type": "integer", "minimum": 0, "maximum": 16777215, "examples": [51]}"#,
        ),
        path(
            "file",
            "The row and .mvt",
            r#"{"type": "string", "pattern": "^\\d{1,8}\\.mvt$", "examples": ["25.mvt"]}"#,
        ),
        KIND,
        AS_OF,
        KNOWN_ON,
        IF_NONE_MATCH,
    ],
    body: None,
    answers: &[
        Answer::of("application/vnd.mapbox-vector-tile", "The tile", BYTES),
        Answer {
            status: 204,
            about: "There is nothing in this tile",
            body: None,
        },
        NOT_MODIFIED,
    ],
};

#[cfg(test)]
mod tests {
    use crate::tiles::Layer;

    #[test]
    fn the_layers_that_are_described_are_those_there_are() {
        for name in "province|city|county|township|institution".split('|') {
            assert!(Layer::parse(name).is_some(), "{name}");
        }
    }
}
