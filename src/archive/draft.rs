//! A file before it is made.

use serde::Serialize;
use tera::Context;

use crate::diagnostic::Diagnostic;
use crate::fingerprint::{Fingerprint, Fingerprinter};

/// Makes the bytes of a file.
type Make<'a> = Box<dyn FnOnce() -> Result<Vec<u8>, Diagnostic> + Send + 'a>;

/// A file that is named and not made yet.
pub struct Draft<'a> {
    /// Relative to the folder that is served, with forward slashes.
    pub path: String,
    /// Hash of everything that decides which bytes the file has: with the same one it has the same
    /// bytes.
    pub fingerprint: Fingerprint,
    make: Make<'a>,
}

impl<'a> Draft<'a> {
    /// A file whose bytes `make` gives. They may depend on nothing that is not in `fingerprint`.
    pub fn new(
        path: impl Into<String>,
        fingerprint: Fingerprint,
        make: impl FnOnce() -> Result<Vec<u8>, Diagnostic> + Send + 'a,
    ) -> Self {
        Self {
            path: path.into(),
            fingerprint,
            make: Box::new(make),
        }
    }

    /// A text that is there already.
    pub(super) fn of_text(path: &str, text: String) -> Self {
        Self::new(path, Fingerprint::of_bytes(text.as_bytes()), || {
            Ok(text.into_bytes())
        })
    }

    /// Makes the file.
    pub fn make(self) -> Result<Vec<u8>, Diagnostic> {
        (self.make)()
    }
}

/// The variables of a template, and a hash that grows with them: what a template can see and what
/// its page's fingerprint covers cannot differ.
#[derive(Clone)]
pub(super) struct Variables {
    context: Context,
    print: Fingerprinter,
}

impl Variables {
    /// None yet; `print` already covers the templates.
    pub(super) fn new(print: Fingerprinter) -> Self {
        Self {
            context: Context::new(),
            print,
        }
    }

    /// Adds a variable.
    pub(super) fn insert<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        self.print.value(name, value);
        self.context.insert(name, value);
    }

    /// Adds what stands for a variable that is inserted into the context later.
    pub(super) fn expect(&mut self, name: &'static str, print: Fingerprint) {
        self.print.part(name, print);
    }

    /// The context, and the fingerprint of what `template` makes of it.
    pub(super) fn finish(mut self, template: &str) -> (Context, Fingerprint) {
        self.print.text("template", template);
        (self.context, self.print.finish())
    }
}
