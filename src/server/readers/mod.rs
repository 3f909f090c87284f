//! What readers do by themselves: they come and go.

use axum::Router;

use super::serve::Live;

/// The routes of readers, below the path of `[serve] url`.
pub(super) fn routes() -> Router<Live> {
    Router::new()
}
