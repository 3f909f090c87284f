//! `serve`: the whole publication live.

use std::net::SocketAddr;

use serde_json::json;

use super::browser::stopped;
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::server::Server;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port to listen on; port 0 takes any free one [default: `[serve] listen`, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let bound = Server::bind(&publication, app.environment.clone(), self.listen);
        let server = runtime.block_on(bound)?;
        let url = server.url();
        if app.output.is_json() {
            app.output.line(&json!({ "url": url }).to_string());
        } else {
            app.output.line(&url);
        }
        app.output.finish();
        runtime.block_on(server.run(stopped()))?;
        Ok(Exit::Done)
    }
}
