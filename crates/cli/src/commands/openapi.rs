//! `weihe openapi`: the document of what programs read and send, from the routes of this program. It needs no
//! data: the program is put together in a folder that goes again.

use std::io::Write as _;

use server::{App, Settings};

use crate::Outcome;
use crate::failure::Failure;

pub(crate) async fn run() -> Result<Outcome, Failure> {
    let scratch = tempfile::Builder::new().prefix("weihe-").tempdir()?;
    let app = App::open(Settings::new(scratch.path().to_owned())).await?;
    let document = app.openapi()?;
    app.close().await;
    std::io::stdout().write_all(document.as_bytes())?;
    Ok(Outcome::Done)
}
