//! `preview`: a local page that shows an issue as its readers will see it, while it is written.

use super::browser::{show_page, stopped};
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::Desk;
use crate::server::PreviewServer;

/// Arguments of `preview`.
#[derive(Debug, clap::Args)]
pub(super) struct Preview {
    /// The issue to begin with [default: the newest draft, or else the next issue]
    #[arg(value_name = "ISSUE")]
    issue: Option<String>,
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
}

impl Preview {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let desk = Desk::open(&app.folder, app.environment.clone(), app.clock)?;
        let named = match &self.issue {
            Some(word) => Some(desk.find(word)?),
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let bound = PreviewServer::bind(&app.folder, desk, named.as_deref(), self.port);
        let server = runtime.block_on(bound)?;
        app.output.warnings(&server.warnings);
        show_page(app, &server.url(), self.open);
        runtime.block_on(server.run(stopped()))?;
        // Open pages hold connections that nobody will end.
        runtime.shutdown_background();
        Ok(Exit::Done)
    }
}
