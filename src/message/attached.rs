//! Pictures that come with the message: parts beside the HTML, which names them by their Content-ID
//! (RFC 2387, RFC 2392). They are the same for every reader, and encoded once for the issue.

use lettre::message::header::{
    ContentDisposition, ContentId, ContentTransferEncoding, ContentType,
};
use lettre::message::{Body, MultiPart, SinglePart};

use super::FrozenPicture;

/// Longest line of base64 (RFC 2045 §6.8).
const LONGEST_LINE: usize = 76;

/// The HTML, with what belongs to it.
pub(super) enum Related {
    /// It brings no picture.
    Alone(SinglePart),
    /// It stands first among the parts to which it refers.
    WithPictures(MultiPart),
}

/// The parts of an issue's pictures; `None` if a frozen one is damaged.
pub(super) fn parts(pictures: &[FrozenPicture]) -> Option<Vec<SinglePart>> {
    pictures.iter().map(part).collect()
}

fn part(picture: &FrozenPicture) -> Option<SinglePart> {
    let lines = picture.base64.as_bytes().chunks(LONGEST_LINE);
    let mut body =
        Vec::with_capacity(picture.base64.len() / LONGEST_LINE * 2 + picture.base64.len());
    for line in lines {
        body.extend_from_slice(line);
        body.extend_from_slice(b"\r\n");
    }
    let encoded = Body::dangerous_pre_encoded(body, ContentTransferEncoding::Base64);
    let part = SinglePart::builder()
        .header(ContentType::parse(&picture.media_type).ok()?)
        .header(ContentId::from(format!("<{}>", picture.content_id)))
        .header(ContentDisposition::inline_with_name(&picture.file_name));
    Some(part.body(encoded))
}

/// Joins the HTML and the pictures. `boundary` is that of the parts around them: no line of theirs may
/// begin as it does (RFC 2046 §5.1.1), so that the inner one has another beginning.
pub(super) fn related(html: SinglePart, pictures: &[SinglePart], boundary: &str) -> Related {
    let kind = format!("multipart/related; type=\"text/html\"; boundary=\"pictures-{boundary}\"");
    let content_type = match ContentType::parse(&kind) {
        Ok(content_type) if !pictures.is_empty() => content_type,
        _ => return Related::Alone(html),
    };
    let first = MultiPart::builder().header(content_type).singlepart(html);
    let all = pictures.iter().cloned();
    Related::WithPictures(all.fold(first, MultiPart::singlepart))
}
