//! Every request comes in here. What is in memory is answered on the spot: no router is asked, no
//! future is made. Everything else goes on to the routes.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use percent_encoding::percent_decode_str;

use super::answering::{Found, answer_with, moved, not_allowed, not_yet, nothing, plain, stream};
use super::client::{ClientAddress, DirectPeer, client_address, is_forwarded};
use super::conditions::seconds_of;
use super::counters::Asked;
use super::live::Live;
use super::log::Line;
use super::payload::Payload;
use super::pulse::Pulse;
use super::site::{Kind, Place, Site, Stored};

/// The front of one connection.
#[derive(Debug, Clone)]
pub(super) struct Front {
    pub(super) live: Live,
    pub(super) routes: TowerToHyperService<Router>,
    pub(super) peer: SocketAddr,
    pub(super) pulse: Arc<Pulse>,
}

type Answer = Result<Response<Payload>, Infallible>;

impl Service<Request<Incoming>> for Front {
    type Response = Response<Payload>;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer> + Send>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.pulse.works();
        if let Some(answer) = self.refuse(&request) {
            return Either::Left(ready(Ok(self.finish(
                &Line::of(&request),
                Asked::Nothing,
                answer,
            ))));
        }
        let site = self.live.shelf().site();
        if is_reading(request.method())
            && let Some(Place::File(stored)) = site.at(request.uri().path())
            && let Found::Answer(answer) =
                answer_with(stored, request.method(), request.headers(), || self.now())
        {
            return Either::Left(ready(Ok(self.finish_file(&request, stored, answer))));
        }
        Either::Right(Box::pin(self.clone().take_time(request, site)))
    }
}

impl Front {
    /// What no handler should see.
    fn refuse(&self, request: &Request<Incoming>) -> Option<Response<Payload>> {
        let fields = request.headers();
        // RFC 9112 §3.2. What the field says is never believed; our addresses are settings.
        let hosts = || fields.get_all(HOST).iter().count();
        if request.version() == Version::HTTP_11 && hosts() != 1 {
            return Some(closing(plain(
                StatusCode::BAD_REQUEST,
                "a request names one host",
            )));
        }
        if let Some(coding) = fields.get(TRANSFER_ENCODING) {
            // RFC 9112 §6.1: two lengths are how requests are smuggled past a proxy.
            if self.pulse.tells_length() {
                return Some(closing(plain(
                    StatusCode::BAD_REQUEST,
                    "a body has one length",
                )));
            }
            // The same: a body that was compressed on the way is none that a form can be read from.
            if !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
                return Some(closing(plain(
                    StatusCode::NOT_IMPLEMENTED,
                    "a body comes as it is, or in chunks",
                )));
            }
        }
        let length = fields.get(CONTENT_LENGTH)?.to_str().ok()?;
        let most = self.live.limits().body_bytes;
        let is_too_long = length.parse::<usize>().map_or(true, |length| length > most);
        is_too_long.then(|| closing(plain(StatusCode::PAYLOAD_TOO_LARGE, "this is too much")))
    }

    /// Answers what needs the disk, another thread or a route.
    async fn take_time(self, request: Request<Incoming>, site: Arc<Site>) -> Answer {
        let line = Line::of(&request);
        if is_reading(request.method())
            && let Some(path) = decoded(request.uri().path())
        {
            match site.at(&path) {
                Some(Place::File(stored)) => {
                    let answer = self.file(&request, stored).await;
                    return Ok(self.finish_file(&request, stored, answer));
                }
                Some(Place::Folder) => {
                    let target = HeaderValue::from_str(&format!("{}/", request.uri().path()));
                    let answer = target.map_or_else(
                        |_| nothing(site.not_found().map(AsRef::as_ref), request.headers()),
                        moved,
                    );
                    return Ok(self.finish(&line, Asked::Page, answer));
                }
                _ => {}
            }
        }
        let (parts, body) = request.into_parts();
        let (method, path) = (parts.method.clone(), decoded(parts.uri.path()));
        let fields = parts.headers.clone();
        let mut request = Request::from_parts(parts, Body::new(body));
        request
            .extensions_mut()
            .insert(ClientAddress(self.client(&fields)));
        if !is_forwarded(&fields) {
            request.extensions_mut().insert(DirectPeer(self.peer.ip()));
        }
        let Ok(answer) = self.routes.call(request).await;
        if answer.extensions().get::<NoRoute>().is_none() {
            return Ok(self.finish(&line, Asked::Route, answer.map(Payload::Other)));
        }
        let is_there = path.is_some_and(|path| site.at(&path).is_some());
        let answer = if is_there && !is_reading(&method) {
            not_allowed()
        } else if site.is_empty() {
            not_yet()
        } else {
            nothing(site.not_found().map(AsRef::as_ref), &fields)
        };
        Ok(self.finish(&line, Asked::Nothing, answer))
    }

    async fn file(&self, request: &Request<Incoming>, stored: &Arc<Stored>) -> Response<Payload> {
        let found = || answer_with(stored, request.method(), request.headers(), || self.now());
        let again = match found() {
            Found::Squeeze => {
                let stored = stored.clone();
                // Whether it worked is seen by asking again.
                let _ = tokio::task::spawn_blocking(move || stored.squeeze()).await;
                found()
            }
            other => other,
        };
        match again {
            Found::Answer(answer) => answer,
            Found::Stream(form, part) => stream(form, part, request.method()).await,
            Found::Squeeze => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "this could not be compressed",
            ),
        }
    }

    fn client(&self, fields: &axum::http::HeaderMap) -> IpAddr {
        let trusted = &self.live.config().serve.trusted_proxies;
        client_address(self.peer.ip(), fields, trusted)
    }

    fn now(&self) -> u64 {
        seconds_of(self.live.clock().now().into()).unwrap_or(0)
    }

    fn finish_file(
        &self,
        request: &Request<Incoming>,
        stored: &Stored,
        answer: Response<Payload>,
    ) -> Response<Payload> {
        if matches!(stored.kind, Kind::Feed(_)) {
            let agent = request.headers().get(USER_AGENT);
            let agent = agent.and_then(|agent| agent.to_str().ok());
            self.live
                .polls()
                .count(&stored.path, agent.unwrap_or_default());
        }
        self.finish(&Line::of(request), stored.kind.into(), answer)
    }

    fn finish(&self, line: &Line, asked: Asked, answer: Response<Payload>) -> Response<Payload> {
        self.live.counters().count(asked, answer.status());
        line.write(answer.status(), self.peer.ip(), self.live.config());
        self.pulse.answers();
        answer
    }
}

/// Marks the answer of the router to what is none of its routes.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoRoute;

fn is_reading(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// A path in the letters of the file system. What is decoded is looked up and nothing else: a path
/// that climbs names no file.
fn decoded(path: &str) -> Option<String> {
    percent_decode_str(path).decode_utf8().ok().map(Into::into)
}

/// An answer after which nothing more is read.
fn closing(mut answer: Response<Payload>) -> Response<Payload> {
    let close = HeaderValue::from_static("close");
    answer
        .headers_mut()
        .insert(axum::http::header::CONNECTION, close);
    answer
}
