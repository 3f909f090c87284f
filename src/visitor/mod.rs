//! Asks servers of other people: visits the pages to which essays link, to see whether they are there
//! (`check --online`), and tells hubs what is new.
//!
//! Polite: one request at a time to a host, a few hosts at a time, no body is read, and the program
//! says who it is. Careful: names are resolved first, and nothing is asked on this machine or in its
//! network, whatever a page redirects to; a publication that lives there itself may link there.

mod exchange;
mod public;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::check::Answer;
use exchange::{Head, Request, ask};
use public::is_public;

/// Hosts that are asked at the same time.
const HOSTS: usize = 8;

/// How long one request may take.
const LONGEST: Duration = Duration::from_secs(15);

/// How long it may take to send a form.
const LONGEST_POST: Duration = Duration::from_secs(5);

/// Between two requests to one host.
const PAUSE: Duration = Duration::from_millis(250);

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Visits pages.
pub struct Visitor {
    tls: TlsConnector,
    agent: String,
    /// Whether the publication itself is on this machine or in its network.
    may_stay_at_home: bool,
}

impl Visitor {
    /// `base_url` is where the publication is, and `purpose` why it asks.
    pub fn new(base_url: &str, purpose: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = Url::parse(base_url).ok();
        let own = host.as_ref().and_then(Url::host_str).unwrap_or_default();
        let literal = own.trim_matches(['[', ']']).parse().ok();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            agent: format!(
                "Postrider/{} ({purpose}; {base_url})",
                env!("CARGO_PKG_VERSION")
            ),
            may_stay_at_home: own == "localhost" || literal.is_some_and(|ip| !is_public(ip)),
        })
    }

    /// Asks for every address once, and gives what became of each.
    pub async fn visit_all(self, addresses: Vec<Url>) -> BTreeMap<String, Answer> {
        let mut by_host: BTreeMap<String, Vec<Url>> = BTreeMap::new();
        for url in addresses {
            let host = url.host_str().unwrap_or_default().to_owned();
            by_host.entry(host).or_default().push(url);
        }
        let visitor = Arc::new(self);
        let turns = Arc::new(Semaphore::new(HOSTS));
        let mut hosts = tokio::task::JoinSet::new();
        for pages in by_host.into_values() {
            let (visitor, turns) = (visitor.clone(), turns.clone());
            hosts.spawn(async move {
                let _turn = turns.acquire().await;
                let mut answers = Vec::new();
                for (number, url) in pages.into_iter().enumerate() {
                    if number > 0 {
                        tokio::time::sleep(PAUSE).await;
                    }
                    answers.push((url.to_string(), visitor.visit(&url).await));
                }
                answers
            });
        }
        let mut all = BTreeMap::new();
        while let Some(answers) = hosts.join_next().await {
            all.extend(answers.unwrap_or_default());
        }
        all
    }

    /// Follows redirects to the end.
    async fn visit(&self, url: &Url) -> Answer {
        let mut here = url.clone();
        let mut for_good = true;
        for _ in 0..=REDIRECTS {
            let head = match self.ask_politely(&here).await {
                Ok(head) => head,
                Err(answer) => return answer,
            };
            let next = head.location.as_deref().and_then(|to| here.join(to).ok());
            match (head.status, next) {
                (status @ (301 | 302 | 303 | 307 | 308), Some(next)) => {
                    for_good &= matches!(status, 301 | 308);
                    here = next;
                }
                (code, _) => {
                    let moved = here != *url && for_good;
                    return Answer::Status {
                        code,
                        moved_to: moved.then(|| here.to_string()),
                    };
                }
            }
        }
        Answer::Failed(format!("it redirects more than {REDIRECTS} times"))
    }

    /// HEAD first; GET where a server will not answer that.
    async fn ask_politely(&self, url: &Url) -> Result<Head, Answer> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Answer::Failed(format!("it leads to `{}:`", url.scheme())));
        }
        let address = self.resolve(url).await?;
        let request = |method| Request {
            url,
            method,
            agent: &self.agent,
            form: None,
        };
        let in_time = |method| timeout(LONGEST, ask(&self.tls, address, request(method)));
        if let Ok(Ok(head)) = in_time("HEAD").await
            && head.status < 400
        {
            return Ok(head);
        }
        match in_time("GET").await {
            Ok(answered) => answered.map_err(Answer::Failed),
            Err(_) => Err(Answer::Failed(format!(
                "no answer within {} seconds",
                LONGEST.as_secs()
            ))),
        }
    }

    /// Sends a form, and gives the status of the answer. Where that redirects to is not followed.
    pub async fn post_form(&self, url: &Url, form: &str) -> Result<u16, String> {
        let request = Request {
            url,
            method: "POST",
            agent: &self.agent,
            form: Some(form),
        };
        let answered = timeout(LONGEST_POST, async {
            let address = self.resolve(url).await.map_err(|answer| match answer {
                Answer::NotAsked(why) | Answer::Failed(why) => why,
                Answer::Status { code, .. } => code.to_string(),
            })?;
            ask(&self.tls, address, request).await
        });
        match answered.await {
            Ok(head) => Ok(head?.status),
            Err(_) => Err(format!(
                "no answer within {} seconds",
                LONGEST_POST.as_secs()
            )),
        }
    }

    /// The address that is then connected to, so that a name cannot mean another one by then.
    async fn resolve(&self, url: &Url) -> Result<SocketAddr, Answer> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(443);
        let found = timeout(LONGEST, lookup_host((host, port))).await;
        let mut found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(Answer::Failed(error.to_string())),
            Err(_) => return Err(Answer::Failed("its name is not resolved".to_owned())),
        };
        let Some(first) = found.next() else {
            return Err(Answer::Failed("its name has no address".to_owned()));
        };
        let all_public = is_public(first.ip()) && found.all(|other| is_public(other.ip()));
        if all_public || self.may_stay_at_home {
            return Ok(first);
        }
        Err(Answer::NotAsked(format!(
            "`{host}` is on this machine or in its network"
        )))
    }
}
