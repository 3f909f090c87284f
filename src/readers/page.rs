//! The pages for readers, as the template `reader.html` knows them.

use serde::Serialize;

/// One page, as `reader`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReaderPage {
    /// Title.
    pub heading: String,
    /// What went wrong, or was done; may be empty.
    pub note: String,
    /// Text, a paragraph each.
    pub paragraphs: Vec<String>,
    /// The form, if the page has one.
    pub form: Option<Form>,
    /// Links behind it.
    pub links: Vec<Link>,
}

/// A form; it is sent by POST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Form {
    /// Where to; empty for the page's own address.
    pub action: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its button.
    pub button: String,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Field {
    /// An address of mail.
    Email {
        /// Its name.
        name: &'static str,
        /// What is shown beside it.
        label: String,
        /// What stands in it.
        value: String,
        /// Whether that cannot be taken; the page's note says why.
        is_wrong: bool,
    },
    /// A line of text.
    Line {
        /// Its name.
        name: &'static str,
        /// What is shown beside it.
        label: String,
        /// What stands in it.
        value: String,
    },
    /// Some of several.
    Choices {
        /// Its name.
        name: &'static str,
        /// What is shown above them.
        label: String,
        /// What there is.
        options: Vec<Choice>,
    },
    /// A day.
    Day {
        /// Its name.
        name: &'static str,
        /// What is shown beside it.
        label: String,
        /// What is shown below it.
        hint: String,
        /// `2026-12-24`, or nothing.
        value: String,
        /// The first day that makes sense.
        first: String,
        /// The last one.
        last: String,
    },
    /// What goes with the form unseen.
    Hidden {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// What no person sees, and programs fill in.
    Trap {
        /// Its name.
        name: &'static str,
        /// For who hears the page all the same.
        label: String,
    },
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What is sent, and shown.
    pub value: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Its words.
    pub title: String,
    /// Where it leads.
    pub url: String,
}
