//! What all routes of the live server know.

use std::path::PathBuf;
use std::sync::Arc;

use super::site::Shelf;
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::publish::{Publication, Stop};

/// The state of all routes; a clone is the same state.
#[derive(Debug, Clone)]
pub(in crate::server) struct Live(Arc<Known>);

#[derive(Debug)]
struct Known {
    folder: PathBuf,
    environment: Environment,
    clock: Clock,
    /// The settings with which the server began.
    config: Config,
    shelf: Shelf,
}

impl Live {
    pub(super) fn new(publication: &Publication, environment: Environment, shelf: Shelf) -> Self {
        Self(Arc::new(Known {
            folder: publication.folder.clone(),
            environment,
            clock: publication.clock,
            config: publication.config.clone(),
            shelf,
        }))
    }

    /// The publication as its folder says it now. It reads files: no work for a thread that answers.
    pub(in crate::server) fn publication(&self) -> Result<Publication, Stop> {
        Publication::open(&self.0.folder, &self.0.environment, self.0.clock)
    }

    /// The settings with which the server began.
    pub(in crate::server) fn config(&self) -> &Config {
        &self.0.config
    }

    /// The pages and feeds.
    pub(super) fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }
}
