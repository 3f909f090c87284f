//! The faces themselves, each a document of its own for a frame.

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue};
use axum::response::Response;

use super::Shared;
use crate::diagnostic::Diagnostic;
use crate::preview::{
    Changes, Choice, Face, Images, Mail, Place, Scheme, Schemes, changed, css_in,
};
use crate::publish::Desk;
use crate::server::answer::{HTML, answer, media_type_of, sentence};

/// What is shown can be looked at and does nothing: no script runs, no form is sent.
fn policy(images: Images) -> String {
    let pictures = match images {
        Images::On => "'self' data: https:",
        Images::Off => "'none'",
    };
    format!(
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src {pictures}; media-src https:; \
         frame-ancestors 'self'; base-uri 'none'; form-action 'none'; \
         sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )
}

fn scheme_of(choice: &Choice) -> Scheme {
    match choice.schemes {
        Schemes::Dark => Scheme::Dark,
        Schemes::Light | Schemes::Both => Scheme::Light,
    }
}

/// The mail of a choice, or the words of what is wrong with it.
fn with_mail<T>(
    desk: &mut Desk,
    choice: &Choice,
    work: impl FnOnce(&Desk, &Mail) -> T,
) -> Result<T, String> {
    let sheet = desk.sheet(choice.issue.as_deref(), choice.reader);
    let faces = sheet.proof.faces.as_ref();
    match faces.map(|faces| &faces.mail) {
        Some(Ok(Some(mail))) => Ok(work(desk, mail)),
        Some(Ok(None)) => Err("this issue is not mailed".to_owned()),
        Some(Err(problems)) => Err(told(problems)),
        None => Err(told(&sheet.proof.problems)),
    }
}

fn told(problems: &[Diagnostic]) -> String {
    let texts: Vec<String> = problems.iter().map(|one| one.render(false)).collect();
    if texts.is_empty() {
        "there is nothing to show".to_owned()
    } else {
        texts.join("\n\n")
    }
}

/// `/mail`: the HTML part.
pub(super) async fn mail(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let made = shared.work(move |shared, desk| {
        let choice = shared.choice(query.as_deref(), desk);
        let html = with_mail(desk, &choice, |desk, mail| copy_of(desk, &choice, mail));
        (choice, html)
    });
    match made.await {
        Ok((choice, Ok(html))) => answer(StatusCode::OK, HTML, &policy(choice.images), html),
        Ok((_, Err(problem))) => sentence(StatusCode::CONFLICT, problem),
        Err(response) => response,
    }
}

fn copy_of(desk: &Desk, choice: &Choice, mail: &Mail) -> String {
    let place = Place {
        scheme: scheme_of(choice),
        images: choice.images,
        stem: choice.issue.as_deref().unwrap_or_default(),
    };
    let local = |address: &str| {
        if let Some(id) = address.strip_prefix("cid:") {
            return Some(format!("/attached?{}&cid={id}", choice.query()));
        }
        Some(place.url(address.strip_prefix(desk.base_url())?))
    };
    changed(
        &mail.received.html.text,
        &Changes {
            scheme: place.scheme,
            images: choice.images,
            local: &local,
        },
    )
}

/// `/attached`: a picture that travels in the message, by its Content-ID.
pub(super) async fn attached(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let made = shared.work(move |shared, desk| {
        let query = query.unwrap_or_default();
        let choice = shared.choice(Some(&query), desk);
        let (_, id) = query.split_once("&cid=")?;
        with_mail(desk, &choice, |_, mail| {
            let mut pictures = mail.received.attached.iter();
            pictures
                .find(|one| one.content_id == id && one.media_type.starts_with("image/"))
                .map(|one| (one.media_type.clone(), one.bytes.clone()))
        })
        .ok()?
    });
    match made.await {
        Ok(Some((media_type, bytes))) => {
            answer(StatusCode::OK, &media_type, &policy(Images::On), bytes)
        }
        Ok(None) => sentence(StatusCode::NOT_FOUND, "the message has no such picture"),
        Err(response) => response,
    }
}

/// `/message.eml`: the message as it would be sent.
pub(super) async fn message(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let made = shared.work(move |shared, desk| {
        let choice = shared.choice(query.as_deref(), desk);
        with_mail(desk, &choice, |_, mail| mail.bytes.clone())
    });
    match made.await {
        Ok(Ok(bytes)) => {
            let mut response = answer(
                StatusCode::OK,
                "message/rfc822",
                "default-src 'none'",
                bytes,
            );
            response.headers_mut().insert(
                CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=\"message.eml\""),
            );
            response
        }
        Ok(Err(problem)) => sentence(StatusCode::CONFLICT, problem),
        Err(response) => response,
    }
}

/// `/entry`: what a reader of feeds shows.
pub(super) async fn entry(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let made = shared.work(move |shared, desk| -> Result<String, String> {
        let choice = shared.choice(query.as_deref(), desk);
        let sheet = desk.sheet(choice.issue.as_deref(), choice.reader);
        let feed: &Face<_> = match &sheet.proof.faces {
            Some(faces) => &faces.feed,
            None => return Err(told(&sheet.proof.problems)),
        };
        let face = feed.as_ref().map_err(|problems| told(problems))?;
        let document = face.entry.document();
        let document = document.map_err(|problem| problem.render(false))?;
        let place = Place {
            scheme: scheme_of(&choice),
            images: Images::On,
            stem: choice.issue.as_deref().unwrap_or_default(),
        };
        let base_url = desk.base_url();
        let local = |address: &str| Some(place.url(address.strip_prefix(base_url)?));
        let changes = Changes {
            scheme: place.scheme,
            images: place.images,
            local: &local,
        };
        Ok(changed(&document, &changes))
    });
    match made.await {
        Ok(Ok(html)) => answer(StatusCode::OK, HTML, &policy(Images::On), html),
        Ok(Err(problem)) => sentence(StatusCode::CONFLICT, problem),
        Err(response) => response,
    }
}

/// `/web/SCHEME/IMAGES/STEM/PATH`: a file of the archive.
pub(super) async fn web(
    State(shared): State<Shared>,
    Path((scheme, images, stem, path)): Path<(String, String, String, String)>,
) -> Response {
    let (Some(scheme), Some(images)) = (Scheme::of_name(&scheme), Images::of_name(&images)) else {
        return sentence(StatusCode::NOT_FOUND, "there is nothing at this address");
    };
    let media_type = media_type_of(&path);
    let made = shared.work(move |_, desk| {
        let sheet = desk.sheet(Some(&stem), crate::preview::Reader::default());
        let known = sheet.site_file(&path).map(<[u8]>::to_vec);
        let bytes = known.or_else(|| desk.site_file(&stem, &path))?;
        let place = Place {
            scheme,
            images,
            stem: &stem,
        };
        Some(as_in(desk, place, media_type, bytes))
    });
    match made.await {
        Ok(Some(bytes)) => answer(StatusCode::OK, media_type, &policy(images), bytes),
        Ok(None) => sentence(
            StatusCode::NOT_FOUND,
            "this issue brings no such file to the archive",
        ),
        Err(response) => response,
    }
}

/// A file of the archive as it looks in one scheme, with or without pictures.
fn as_in(desk: &Desk, place: Place<'_>, media_type: &str, bytes: Vec<u8>) -> Vec<u8> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if media_type == HTML {
        let base_url = desk.base_url();
        let local = |address: &str| Some(place.url(address.strip_prefix(base_url)?));
        let changes = Changes {
            scheme: place.scheme,
            images: place.images,
            local: &local,
        };
        changed(&text(&bytes), &changes).into_bytes()
    } else if media_type.starts_with("text/css") {
        css_in(&text(&bytes), place.scheme).into_bytes()
    } else {
        bytes
    }
}
