//! `public/` in memory: what is served at which path. It is read whole and swapped whole.

mod kind;
mod manner;
mod reading;
mod stored;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

pub(super) use kind::Kind;
pub(super) use manner::Manner;
pub(super) use reading::Listing;
pub(super) use stored::{Choice, Content, Form, Stored};

/// Holds the site that is served now. Whoever swaps it waits for nobody who answers from the old one.
#[derive(Debug, Default)]
pub(super) struct Shelf(RwLock<Arc<Site>>);

impl Shelf {
    /// The site of this moment.
    pub(super) fn site(&self) -> Arc<Site> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts another site in its place.
    pub(super) fn put(&self, site: Site) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(site);
    }
}

/// Everything that is served.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// By the decoded path of a request.
    places: HashMap<Box<str>, Place>,
    not_found: Option<Arc<Stored>>,
    /// What it was read from.
    listing: Listing,
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum Place {
    File(Arc<Stored>),
    /// A folder without the slash at its end.
    Folder,
}

impl Site {
    /// Reads a folder; takes over what it has in common with `former`.
    pub(super) fn read(folder: &Path, manner: &Manner, former: &Self) -> io::Result<Self> {
        reading::read(folder, manner, former)
    }

    /// What is at a path.
    pub(super) fn at(&self, path: &str) -> Option<&Place> {
        self.places.get(path)
    }

    /// The page for what is not there.
    pub(super) fn not_found(&self) -> Option<&Arc<Stored>> {
        self.not_found.as_ref()
    }

    /// Whether nothing is served.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What it was read from.
    pub(super) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// The file of a path in the folder, if its marks are still these.
    fn known(&self, base: &str, path: &str, stamps: &stored::Stamps) -> Option<Arc<Stored>> {
        match self.places.get(format!("{base}{path}").as_str()) {
            Some(Place::File(stored)) if stored.stamps == *stamps => Some(stored.clone()),
            _ => None,
        }
    }
}
