//! The files that an essay brings along, and where readers find them: what an essay writes as
//! `photo.jpg` is one absolute address in every channel.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A file of the folder to which its essay refers: a picture, or something to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Absolute address, the same as long as the bytes are.
    pub url: String,
    /// Width and height in pixels, as a browser shows it; `None` where there is no such size.
    pub size: Option<(u32, u32)>,
    /// Content-ID without brackets, if the mail brings the file along (RFC 2392).
    pub content_id: Option<String>,
}

/// The files of one issue by the address as its essay writes it. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pictures(Arc<Known>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    by_address: BTreeMap<String, Picture>,
    /// Which of them has an address that readers see.
    by_url: BTreeMap<String, String>,
}

impl FromIterator<(String, Picture)> for Pictures {
    fn from_iter<T: IntoIterator<Item = (String, Picture)>>(pictures: T) -> Self {
        let by_address: BTreeMap<String, Picture> = pictures.into_iter().collect();
        let by_url = by_address
            .iter()
            .map(|(address, picture)| (picture.url.clone(), address.clone()))
            .collect();
        Self(Arc::new(Known { by_address, by_url }))
    }
}

impl Pictures {
    /// Address as written, and what it leads to, in the order of the addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Picture)> {
        let pairs = self.0.by_address.iter();
        pairs.map(|(address, picture)| (address.as_str(), picture))
    }

    /// Whether the essay refers to no file of its own.
    pub fn is_empty(&self) -> bool {
        self.0.by_address.is_empty()
    }

    /// What an address of the essay leads to.
    pub(super) fn get(&self, address: &str) -> Option<&Picture> {
        self.0.by_address.get(address)
    }

    /// The picture that readers find at an address.
    pub(super) fn at(&self, url: &str) -> Option<&Picture> {
        self.get(self.0.by_url.get(url)?)
    }
}
