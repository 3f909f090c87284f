//! `desk`: a local page that shows how everything stands.

use super::browser::{show_page, stopped};
use super::{App, CommandResult, Exit};
use crate::diagnostic::Diagnostic;
use crate::publish::{Outlook, Publication};
use crate::server::DeskServer;

/// Arguments of `desk`.
#[derive(Debug, clap::Args)]
pub(super) struct Desk {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
}

impl Desk {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        // A folder without a publication is told here; what breaks later is told on the page.
        Publication::open(&app.folder, &app.environment, app.clock)?;
        let outlook = Outlook::new(app.folder.clone(), app.environment.clone(), app.clock);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let server = runtime.block_on(DeskServer::bind(outlook, self.port))?;
        show_page(app, &server.url(), self.open);
        runtime.block_on(server.run(stopped()))?;
        runtime.shutdown_background();
        Ok(Exit::Done)
    }
}
