//! The preview: an issue in all its faces, as values and as a page for a browser.
//!
//! Nothing is rendered here a second time. A [`Proof`] holds what the real composer, archive and
//! feeds made of an issue (`publish` makes it); this module takes the message apart as a receiver
//! would, makes copies that a browser shows as light or dark, with pictures or without, and writes
//! the page around them. Files, watching and HTTP are left to the edges.

mod choice;
mod controls;
mod copy;
mod entry;
mod flowed;
mod inbox;
mod page;
mod panels;
mod place;
mod proof;
mod received;
mod tag;

pub use choice::{Choice, Images, Reader, Scheme, Schemes, Screen, Screens, View};
pub use copy::{Changes, changed, css_in, pictures_in};
pub use entry::Entry;
pub use inbox::first_words;
pub use page::{IssueLine, Page as PreviewPage, Shown};
pub use place::Place;
pub use proof::{Face, Faces, FeedFace, Mail, Page, Picture, Proof};
pub use received::{Attached, CLIPPED_AT, Field, Part, Received};
