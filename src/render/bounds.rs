//! Bounds for templates, which can loop: how much one may write, and a first try of each before it
//! is relied on.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use crate::diagnostic::Diagnostic;

/// Most bytes that a template may write: the list of a hundred thousand issues is half of it.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Watches the first use of a template. The core knows no clock: who opens a publication brings one.
pub trait Trial: Send + Sync {
    /// Runs `render` and fails if it does not come to an end. It may be left running.
    fn ends(&self, render: Box<dyn FnOnce() + Send>) -> Result<(), Diagnostic>;
}

/// What came of the first use of each template.
#[derive(Clone)]
pub(super) struct Trials {
    trial: Arc<dyn Trial>,
    /// Whoever needs a template while it is tried waits.
    results: Arc<BTreeMap<String, OnceLock<Result<(), Diagnostic>>>>,
}

impl Trials {
    pub(super) fn new<'a>(trial: Arc<dyn Trial>, templates: impl Iterator<Item = &'a str>) -> Self {
        let results = templates.map(|name| (name.to_owned(), OnceLock::new()));
        Self {
            trial,
            results: Arc::new(results.collect()),
        }
    }

    /// Tries a template if nobody did.
    pub(super) fn pass(
        &self,
        name: &str,
        render: impl FnOnce() -> Box<dyn FnOnce() + Send>,
    ) -> Result<(), Diagnostic> {
        match self.results.get(name) {
            Some(result) => result.get_or_init(|| self.trial.ends(render())).clone(),
            None => Ok(()),
        }
    }
}

/// A buffer that takes so many bytes and no more.
pub(super) struct Page {
    bytes: Vec<u8>,
}

impl Page {
    /// An empty one with room for so many bytes, which grows when there are more.
    pub(super) fn with_room_for(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
        }
    }

    /// What was written. Templates and values are UTF-8.
    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl Write for &mut Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MOST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
