//! The page around the faces.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::HEXLOWER;

use super::Shared;
use crate::diagnostic::Diagnostic;
use crate::preview::Shown;
use crate::publish::{Desk, fill_random};
use crate::server::answer::{HTML, answer, sentence};

/// `/`: the chosen issue in the chosen view.
pub(super) async fn page(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let made = shared
        .work(move |shared, desk| write(shared, desk, query.as_deref()))
        .await;
    match made {
        Ok(Ok((page, policy))) => answer(StatusCode::OK, HTML, &policy, page),
        Ok(Err(problem)) => sentence(StatusCode::INTERNAL_SERVER_ERROR, problem.render(false)),
        Err(response) => response,
    }
}

fn write(
    shared: &Shared,
    desk: &mut Desk,
    query: Option<&str>,
) -> Result<(String, String), Diagnostic> {
    let choice = shared.choice(query, desk);
    let sheet = desk.sheet(choice.issue.as_deref(), choice.reader);
    let [named, nameless] = desk.reader_labels();
    let mut random = [0_u8; 16];
    fill_random(&mut random)?;
    let nonce = HEXLOWER.encode(&random);
    let page = shared.page.write(&Shown {
        publication: desk.title(),
        choice: &choice,
        issues: &desk.issues(),
        readers: [&named, &nameless],
        proof: &sheet.proof,
        state: &shared.state_of(desk),
        took_ms: u64::try_from(sheet.took.as_millis()).unwrap_or(u64::MAX),
        nonce: &nonce,
    })?;
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         frame-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    Ok((page, policy))
}
