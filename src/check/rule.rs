//! A rule: what it is called, how serious it is, and in one line what it finds.

use crate::diagnostic::{Diagnostic, Severity};

/// One rule of `check`. Each lives in the file of its group, beside the code that applies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What the author silences it by: `missing-summary`.
    pub name: &'static str,
    /// An error stops a mail, a warning asks, a note is only told.
    pub severity: Severity,
    /// What it finds, in one line.
    pub about: &'static str,
    /// Whether the author may silence it.
    pub can_be_silenced: bool,
}

impl Rule {
    /// A mail that is broken or does harm: it would be so for every reader, whatever the author
    /// thinks of it.
    pub(super) const fn error(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            severity: Severity::Error,
            about,
            can_be_silenced: false,
        }
    }

    /// An error for most readers, which an author who knows other readers may silence.
    pub(super) const fn error_for_most(name: &'static str, about: &'static str) -> Self {
        Self {
            can_be_silenced: true,
            ..Self::error(name, about)
        }
    }

    pub(super) const fn warning(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            severity: Severity::Warning,
            about,
            can_be_silenced: true,
        }
    }

    pub(super) const fn note(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            severity: Severity::Note,
            about,
            can_be_silenced: true,
        }
    }

    /// A problem that this rule found.
    pub(super) fn found(&self, message: impl Into<String>) -> Diagnostic {
        self.mark(match self.severity {
            Severity::Error => Diagnostic::error(message),
            Severity::Warning => Diagnostic::warning(message),
            Severity::Note => Diagnostic::note(message),
        })
    }

    /// Gives a problem that was found elsewhere the name of this rule.
    pub fn mark(&self, problem: Diagnostic) -> Diagnostic {
        problem.rule(self.name)
    }
}
