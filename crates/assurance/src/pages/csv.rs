//! A small table as a file for spreadsheet programs: RFC 4180 with a byte-order mark. A cell that would be run as
//! a formula gets an apostrophe in front.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The rows as one text.
pub(super) fn text_of(rows: &[Vec<String>]) -> String {
    let mut text = String::from('\u{feff}');
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell_of(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell_of(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '=', '+', '-', '@', '\t', '\r', '\n'])
        && cell.parse::<f64>().is_err();
    let guarded = if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if guarded.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// The answer that a browser saves as a file.
pub(super) fn send(file: &str, rows: &[Vec<String>]) -> Response {
    let built = Response::builder()
        .header(header::CONTENT_TYPE, "text/csv; charset=utf-8")
        .header(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        )
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(text_of(rows)));
    built.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        let row = ["=1+1", "-5", "-x", "a\"b,c", "029-1", "@cmd"].map(str::to_owned);
        assert_eq!(
            text_of(&[row.to_vec()]),
            "\u{feff}'=1+1,-5,'-x,\"a\"\"b,c\",029-1,'@cmd\r\n"
        );
    }
}
