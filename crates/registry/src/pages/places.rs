//! `GET /institutions/places.json?parent=610100`: the divisions below one, for selects that fill one
//! another.

use axum::extract::State;
use axum::response::Response;
use security::RequirePermit;
use serde::Serialize;
use ui::Shell;

use super::{Asked, failure::Failure};
use crate::api::Registry;
use crate::lists::Names;

#[derive(Serialize)]
struct Offered {
    value: String,
    label: String,
}

pub(super) async fn send(
    State(registry): State<Registry>,
    permit: RequirePermit,
    shell: Shell,
) -> Response {
    match options(&registry, &permit, &shell).await {
        Ok(options) => super::json(&options),
        Err(failure) => failure.answer_json(&registry, shell),
    }
}

async fn options(
    registry: &Registry,
    permit: &RequirePermit,
    shell: &Shell,
) -> Result<Vec<Offered>, Failure> {
    let asked = Asked::of(registry, &shell.url).await?;
    let divisions = Names::of(registry.view(permit, "division", asked.clocks).await?);
    let Some(parent) = shell
        .url
        .get("parent")
        .and_then(|code| divisions.by_code(code))
    else {
        return Ok(Vec::new());
    };
    Ok(divisions
        .children(Some(parent))
        .into_iter()
        .filter_map(|record| {
            Some(Offered {
                value: divisions.code(record)?.to_owned(),
                label: divisions.name(record)?.to_owned(),
            })
        })
        .collect())
}
