//! The short run of the API against its document: see `crate::api`.

use super::Setting;
use super::tally::Tally;
use crate::setup::Part;
use crate::workspace::Scratch;
use crate::{api, workspace};
use anyhow::Result;
use std::time::Duration;

/// As all posts at once.
const TIME: Duration = Duration::from_secs(60);

pub(super) fn run(setting: &Setting) -> Result<Tally> {
    if setting.lacks(Part::Python) {
        return Ok(Tally::skip(
            "the API against its document",
            "this machine has no Python with venv",
        ));
    }
    if !setting.build()? {
        return Ok(Tally::failure(
            "the program does not compile, so the API was not called".to_owned(),
        ));
    }
    let scratch = Scratch::new(&workspace::cache_dir()?, "api")?;
    let data = scratch.path().join("data");
    setting.demo_data(&data)?;
    let mut tally = Tally::default();
    for run in api::run(&workspace::binary("dev")?, &data, scratch.path(), TIME)? {
        tally.add(if run.passed {
            Tally::pass()
        } else {
            Tally::failure(format!("the API as {}: see the run above", run.post))
        });
    }
    Ok(tally)
}
