//! `weihe serve`.

use serde_json::json;
use server::App;
use tokio::net::TcpListener;

use crate::Outcome;
use crate::arguments::Serving;
use crate::failure::Failure;
use crate::output::Output;
use crate::stop::Stop;

pub(crate) async fn run(
    app: &App,
    serving: &Serving,
    stop: &Stop,
    output: &Output,
) -> Result<Outcome, Failure> {
    if let Some(tls) = &app.settings().tls {
        tls.check().map_err(server::ServeError::from)?;
    }
    let listener = listen(serving, output).await?;
    let scheme = if app.settings().tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = format!("{scheme}://{}", listener.local_addr()?);
    output.tell(&json!({ "address": address }));
    output.say(output.text.with("cli-serving", &[("address", &address)]));
    if let Some((code, until)) = app.security().setup_code().await? {
        let until = until.to_string();
        output.tell(&json!({ "setup_code": code.reveal(), "until": until }));
        output.say(output.text.with(
            "cli-setup",
            &[
                ("address", &address),
                ("code", code.reveal()),
                ("until", &until),
            ],
        ));
    }
    if !serving.host.is_loopback() && !serving.is_https() {
        output.aside(output.text.get("cli-not-https"));
    }
    server::serve(app.clone(), listener, stop.clone().asked()).await?;
    output.say(output.text.get("cli-served"));
    Ok(Outcome::Done)
}

async fn listen(serving: &Serving, output: &Output) -> Result<TcpListener, Failure> {
    let at = (serving.host, serving.port);
    TcpListener::bind(at).await.map_err(|error| {
        let place = format!("{}:{}", serving.host, serving.port);
        let cause = error.to_string();
        let sentence = output
            .text
            .with("cli-port-taken", &[("place", &place), ("cause", &cause)]);
        Failure::new("cli.port", sentence)
    })
}
