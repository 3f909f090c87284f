//! Server-sent events: a page is told which state is the newest as soon as its issue is ready in it.

use std::convert::Infallible;

use axum::extract::{RawQuery, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::Shared;

/// A page that listens.
struct Listener {
    shared: Shared,
    query: Option<String>,
    revision: watch::Receiver<u64>,
    is_first: bool,
}

/// `/events`: an event `state` at once, and one after each change, when the issue that the page shows
/// was made anew: whoever asks for it then need not wait.
pub(super) async fn events(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let listener = Listener {
        revision: shared.revision.subscribe(),
        shared,
        query,
        is_first: true,
    };
    let events = stream::unfold(listener, async |mut listener| {
        let state = listener.next().await?;
        let event = Event::default().event("state").data(state);
        Some((Ok::<_, Infallible>(event), listener))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

impl Listener {
    /// The name of the next state; `None` when the server ends.
    async fn next(&mut self) -> Option<String> {
        if !std::mem::take(&mut self.is_first) {
            self.revision.changed().await.ok()?;
        }
        self.revision.mark_unchanged();
        let query = self.query.clone();
        let made = self.shared.work(move |shared, desk| {
            let choice = shared.choice(query.as_deref(), desk);
            desk.sheet(choice.issue.as_deref(), choice.reader);
            shared.state_of(desk)
        });
        made.await.ok()
    }
}
