//! Tells the hubs of `[feeds] hub` that a feed has something new (WebSub, W3C Recommendation of
//! 2018, §7): beside whatever else is done, and without a say in it. A hub that hears nothing asks
//! the feed itself by and by, as every reader does. What is to be told is kept until it is told or was tried
//! often enough, so that the next program does what one left that ended early.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use url::Url;
use url::form_urlencoded::Serializer;

use super::build::BuildReport;
use super::untold::{Kept, Untold};
use super::{Halt, Publication};
use crate::diagnostic::Diagnostic;
use crate::visitor::Visitor;

/// How long a command that a person runs stays for the hubs at most, in all.
const STAY: Duration = Duration::from_secs(10);

/// When a command that a person runs tries again.
pub(super) const SOON: [Duration; 1] = [Duration::from_secs(1)];

/// What hubs are told, and what is not told yet.
struct News {
    base_url: String,
    /// Each hub with each feed.
    open: Vec<(Url, String)>,
    /// The same, for whoever comes after us.
    kept: Kept,
}

/// Hubs that are being told. Dropping it changes nothing for them.
#[derive(Debug)]
pub struct Announcing(Receiver<Vec<Diagnostic>>);

impl Announcing {
    /// Waits for the end, but not for long; gives what is to be said.
    pub fn finish(self) -> Vec<Diagnostic> {
        self.0.recv_timeout(STAY).unwrap_or_else(|_| {
            vec![
                Diagnostic::warning("not every hub was told of what is new")
                    .cause("they answer too slowly to wait for them"),
            ]
        })
    }
}

/// Begins to tell the hubs of a build; `None` where there is nothing to tell, or nobody.
pub fn announce(publication: &Publication, report: &BuildReport) -> Option<Announcing> {
    let (sender, ended) = channel();
    let halt = Halt::default();
    announce_with(publication, report, &SOON, halt, move |problems| {
        // Whoever has gone away does not want to know.
        let _ = sender.send(problems);
    })?;
    Some(Announcing(ended))
}

/// The same with pauses between the tries of one's own, until `halt`; what is wrong in the end goes
/// to `tell`.
pub(super) fn announce_with(
    publication: &Publication,
    report: &BuildReport,
    pauses: &[Duration],
    halt: Halt,
    tell: impl FnOnce(Vec<Diagnostic>) + Send + 'static,
) -> Option<()> {
    let mut news = News::of(publication, report)?;
    let pauses = pauses.to_vec();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        tell(match runtime {
            Ok(runtime) => runtime.block_on(async {
                tokio::select! {
                    problems = news.tell(&pauses) => problems,
                    () = halt.stopping() => Vec::new(),
                }
            }),
            Err(error) => vec![Diagnostic::warning("no hub was told of what is new").cause(error)],
        });
    });
    Some(())
}

/// As it is kept.
fn written((hub, topic): &(Url, String)) -> Untold {
    (hub.to_string(), topic.clone())
}

impl News {
    fn of(publication: &Publication, report: &BuildReport) -> Option<Self> {
        let config = &publication.config;
        // They were checked with the settings.
        let hubs = config.hubs.iter().filter_map(|hub| Url::parse(hub).ok());
        let open: Vec<(Url, String)> = hubs
            .flat_map(|hub| {
                // The address that the feed gives for itself (`rel="self"`).
                let topics = report.changed_feeds.iter();
                topics.map(move |path| (hub.clone(), format!("{}{path}", config.base_url)))
            })
            .collect();
        let kept = Kept::of(&publication.folder);
        kept.add(open.iter().map(written));
        let mut news = Self {
            base_url: config.base_url.clone(),
            open,
            kept,
        };
        news.take_up(&config.hubs);
        (!news.open.is_empty()).then_some(news)
    }

    /// Takes up what somebody left who ended before a hub was told. A hub that is none any more, and a
    /// feed of another address, are forgotten.
    fn take_up(&mut self, hubs: &[String]) {
        let hubs: Vec<Url> = hubs.iter().filter_map(|hub| Url::parse(hub).ok()).collect();
        let mut gone = Vec::new();
        for (hub, feed) in self.kept.read() {
            let known = hubs.iter().find(|url| url.as_str() == hub);
            match known.filter(|_| feed.starts_with(&self.base_url)) {
                Some(url) => {
                    let one = (url.clone(), feed);
                    if !self.open.contains(&one) {
                        self.open.push(one);
                    }
                }
                None => gone.push((hub, feed)),
            }
        }
        self.kept.remove(&gone);
    }

    /// Tries, and after each pause again with what is still open.
    async fn tell(&mut self, pauses: &[Duration]) -> Vec<Diagnostic> {
        let problems = self.tell_within(pauses).await;
        // They have had their chance; the next change of a feed is another one.
        let given_up: Vec<Untold> = self.open.iter().map(written).collect();
        self.kept.remove(&given_up);
        problems
    }

    async fn tell_within(&mut self, pauses: &[Duration]) -> Vec<Diagnostic> {
        let visitor = match Visitor::new(&self.base_url, "tells what is new") {
            Ok(visitor) => visitor,
            Err(cause) => {
                return vec![Diagnostic::warning("no hub was told of what is new").cause(cause)];
            }
        };
        let mut problems = self.try_all(&visitor).await;
        for pause in pauses {
            if self.open.is_empty() {
                break;
            }
            tokio::time::sleep(*pause).await;
            problems = self.try_all(&visitor).await;
        }
        problems
    }

    /// Tells what is open. A hub that fails once has its rest until the next try.
    async fn try_all(&mut self, visitor: &Visitor) -> Vec<Diagnostic> {
        let mut failed: Vec<(Url, String)> = Vec::new();
        let mut still_open = Vec::new();
        for (hub, topic) in std::mem::take(&mut self.open) {
            if failed.iter().any(|(other, _)| *other == hub) {
                still_open.push((hub, topic));
                continue;
            }
            let form = Serializer::new(String::new())
                .append_pair("hub.mode", "publish")
                .append_pair("hub.url", &topic)
                .finish();
            let why = match visitor.post_form(&hub, &form).await {
                Ok(200..=299) => {
                    self.kept.remove(&[written(&(hub, topic))]);
                    continue;
                }
                Ok(code) => format!("it answered {code}"),
                Err(why) => why,
            };
            failed.push((hub.clone(), why));
            still_open.push((hub, topic));
        }
        self.open = still_open;
        let problems = failed.into_iter().map(|(hub, why)| {
            Diagnostic::warning(format!("the hub `{hub}` was not told of what is new"))
                .cause(why)
                .hint("nothing else is held up by that: `build` tells it of the next change, and readers look themselves")
        });
        problems.collect()
    }
}
