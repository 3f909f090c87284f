//! What a person has chosen to look at, as the page's address says it.

use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

/// Which face of an issue is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// The mail's HTML part.
    #[default]
    Mail,
    /// The mail's plain text.
    Text,
    /// The page in the archive.
    Web,
    /// The entry in the feeds.
    Feed,
    /// Headers and sizes of the message.
    Message,
}

/// Light or dark, as the reader's system asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Dark letters on light paper.
    #[default]
    Light,
    /// Light letters on dark paper.
    Dark,
}

impl Scheme {
    /// Its name in addresses and in CSS.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The scheme of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// Which schemes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schemes {
    /// Light alone.
    #[default]
    Light,
    /// Dark alone.
    Dark,
    /// One beside the other.
    Both,
}

impl Schemes {
    /// In the order in which they are shown.
    pub fn each(self) -> &'static [Scheme] {
        match self {
            Self::Light => &[Scheme::Light],
            Self::Dark => &[Scheme::Dark],
            Self::Both => &[Scheme::Light, Scheme::Dark],
        }
    }
}

/// How wide the window is in which the mail or the page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Screens {
    /// A desktop and a phone beside each other.
    #[default]
    Both,
    /// A desktop.
    Desktop,
    /// A phone.
    Phone,
    /// The narrowest phone in use.
    Small,
}

/// A window of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// What it is called.
    pub name: &'static str,
    /// Its width in CSS pixels.
    pub width: u32,
}

impl Screens {
    /// The windows for a mail, widest first. The column of a mail is 600 pixels wide.
    pub fn for_mail(self) -> Vec<Screen> {
        self.with_desktop(640)
    }

    /// The windows for a page of the archive, widest first.
    pub fn for_web(self) -> Vec<Screen> {
        self.with_desktop(960)
    }

    fn with_desktop(self, width: u32) -> Vec<Screen> {
        let screen = |name, width| Screen { name, width };
        let (desktop, phone) = (screen("Desktop", width), screen("Phone", 375));
        match self {
            Self::Both => vec![desktop, phone],
            Self::Desktop => vec![desktop],
            Self::Phone => vec![phone],
            Self::Small => vec![screen("Small phone", 320)],
        }
    }
}

/// Whether pictures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// As most readers see the mail.
    #[default]
    On,
    /// As readers see it whose mail program loads nothing.
    Off,
}

impl Images {
    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    /// What a name says.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "on" => Some(Self::On),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// Whose mail is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    /// Somebody whose name is known.
    #[default]
    Named,
    /// Somebody who gave an address alone.
    Nameless,
}

/// The page's address, taken apart. What is absent or unknown has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// Name of the issue's file or folder, without `.md`.
    pub issue: Option<String>,
    /// The face.
    pub view: View,
    /// Light or dark.
    pub schemes: Schemes,
    /// How wide.
    pub screens: Screens,
    /// With pictures or without.
    pub images: Images,
    /// Whose mail.
    pub reader: Reader,
}

/// A word that serde reads and writes, such as `dark`.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The value of a word; the default where there is none of that name.
fn value<T: Default + for<'a> Deserialize<'a>>(word: &str) -> T {
    serde_json::from_value(word.into()).unwrap_or_default()
}

impl Choice {
    /// Reads the query of an address. Whatever a person types there shows something.
    pub fn of_query(query: &str) -> Self {
        let mut choice = Self::default();
        for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "issue" => choice.issue = Some(text.into_owned()).filter(|stem| !stem.is_empty()),
                "view" => choice.view = value(&text),
                "schemes" => choice.schemes = value(&text),
                "screens" => choice.screens = value(&text),
                "images" => choice.images = value(&text),
                "reader" => choice.reader = value(&text),
                _ => {}
            }
        }
        choice
    }

    /// The query that says it.
    pub fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(issue) = &self.issue {
            query.append_pair("issue", issue);
        }
        query.append_pair("view", &word(&self.view));
        query.append_pair("schemes", &word(&self.schemes));
        query.append_pair("screens", &word(&self.screens));
        query.append_pair("images", &word(&self.images));
        query.append_pair("reader", &word(&self.reader));
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_back_what_its_query_says() {
        let choice = Choice {
            issue: Some("2026-12-01-why & how?".to_owned()),
            view: View::Web,
            schemes: Schemes::Both,
            screens: Screens::Small,
            images: Images::Off,
            reader: Reader::Nameless,
        };
        assert_eq!(Choice::of_query(&choice.query()), choice);
    }

    #[test]
    fn what_nobody_knows_has_its_default() {
        assert_eq!(
            Choice::of_query("view=smell&images=%ff&issue=&=&&x"),
            Choice::default()
        );
    }
}
