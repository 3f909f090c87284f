//! The publication's picture: a file of the publication that is published, or one that is on the web.

use super::Publication;
use crate::archive::{Draft, hashed_path};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::feed;
use crate::fingerprint::Fingerprint;
use crate::fs;

/// Largest logo, in bytes. Feed readers fetch it for each of their users.
const LARGEST: usize = 1_000_000;

/// A logo that is there.
pub(super) struct Logo {
    /// How feeds and pages name it.
    pub(super) shown: feed::Logo,
    /// The file to publish, unless the picture is elsewhere.
    pub(super) file: Option<Draft<'static>>,
}

/// Reads the logo that the settings name.
pub(super) fn read(publication: &Publication) -> Result<Option<Logo>, Diagnostic> {
    match &publication.config.logo {
        None => Ok(None),
        Some(config::Logo::Address(url)) => Ok(Some(Logo {
            shown: feed::Logo {
                url: url.clone(),
                size: None,
            },
            file: None,
        })),
        Some(config::Logo::File(name)) => read_file(publication, name).map(Some),
    }
}

fn read_file(publication: &Publication, name: &str) -> Result<Logo, Diagnostic> {
    let named = format!("`logo` in {} names it", config::FILE_NAME);
    let wrong = |message: String| Diagnostic::error(message).cause(&named);
    let path = publication.folder.join(name);
    if !fs::is_inside(&publication.folder, &path) {
        return Err(wrong(format!("`{name}` leads out of the publication")));
    }
    let bytes = fs::read_bytes(&path, name)?.ok_or_else(|| {
        wrong(format!("there is no `{name}`")).hint("put the picture there, or leave `logo` out")
    })?;
    if bytes.len() > LARGEST {
        return Err(wrong(format!("`{name}` has {} bytes", bytes.len()))
            .hint("1 MB is more than a logo needs: 512 by 512 pixels are plenty"));
    }
    let ending = match imagesize::image_type(&bytes) {
        Ok(imagesize::ImageType::Png) => "png",
        Ok(imagesize::ImageType::Jpeg) => "jpg",
        Ok(imagesize::ImageType::Gif) => "gif",
        _ => {
            return Err(wrong(format!("`{name}` is not a PNG, JPEG or GIF picture")));
        }
    };
    let size = imagesize::blob_size(&bytes)
        .map_err(|error| wrong(format!("`{name}` cannot be read as a picture")).cause(error))?;
    let pixels = |side| u32::try_from(side).unwrap_or(u32::MAX);
    let path = hashed_path("logo", ending, &bytes);
    Ok(Logo {
        shown: feed::Logo {
            url: format!("{}{path}", publication.config.base_url),
            size: Some((pixels(size.width), pixels(size.height))),
        },
        file: Some(Draft::new(path, Fingerprint::of_bytes(&bytes), || {
            Ok(bytes)
        })),
    })
}
