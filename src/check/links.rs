//! Links that lead nowhere, as far as it can be known without the network.

use std::ops::Range;

use url::Url;

use super::hosts::{Unreachable, is_within, unreachable};
use super::reading::LinkRead;
use super::{Galley, Neighbour, Rule};
use crate::diagnostic::{Diagnostic, closest};

const EMPTY: Rule = Rule::warning("empty-link", "a link without an address or without words");
const BROKEN: Rule = Rule::warning(
    "broken-link",
    "Markdown that was meant as a link and became none",
);
const DROPPED: Rule = Rule::warning(
    "dropped-link",
    "a link of a kind that mail and browsers refuse, such as `javascript:`",
);
const SCHEMELESS: Rule = Rule::warning(
    "schemeless-link",
    "an address without `https:` at its beginning",
);
const DEAD: Rule = Rule::warning("dead-link", "a link to a page that the archive has not");
const EARLY: Rule = Rule::warning(
    "early-link",
    "a link to an issue that is not public yet when this one is",
);
const HEADING: Rule = Rule::warning("missing-heading", "a link to a heading that there is not");
const PLACEHOLDER: Rule = Rule::warning(
    "placeholder-link",
    "a link to an address of examples, or to this machine",
);
const INSECURE: Rule = Rule::note("insecure-link", "`http:` where the site has `https:`");

pub(super) const RULES: &[Rule] = &[
    EMPTY,
    BROKEN,
    DROPPED,
    SCHEMELESS,
    DEAD,
    EARLY,
    HEADING,
    PLACEHOLDER,
    INSECURE,
];

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let resolver = galley.resolver();
    let base = Url::parse(&galley.around.base_url).ok();
    let page = Url::parse(&galley.page()).ok();
    for link in &galley.reading.links {
        let address = link.address.trim();
        let problem = if address.is_empty() || has_no_words(link) {
            Some(empty(link))
        } else if let Some(fragment) = address.strip_prefix('#') {
            missing_heading(galley, fragment)
        } else if resolver.url(address).is_none() {
            Some(dropped(address))
        } else {
            schemeless(address)
                .or_else(|| leads_nowhere(galley, base.as_ref(), page.as_ref(), address))
        };
        found.extend(problem.map(|problem| galley.in_essay(problem, &link.range)));
    }
    found.extend(broken(galley));
}

fn has_no_words(link: &LinkRead) -> bool {
    !link.holds_picture && link.words.as_ref().is_some_and(String::is_empty)
}

fn empty(link: &LinkRead) -> Diagnostic {
    if link.address.trim().is_empty() {
        EMPTY
            .found("the link has no address")
            .hint("write it between the round brackets")
    } else {
        EMPTY
            .found("the link has no words")
            .hint("nobody sees it: write words between the square brackets")
    }
}

fn dropped(address: &str) -> Diagnostic {
    let problem = match Url::parse(address) {
        Ok(url) => DROPPED.found(format!("a link to `{}:` is taken out", url.scheme())),
        Err(error) => DROPPED
            .found("the link's address cannot be read and is taken out")
            .cause(error),
    };
    problem.hint("its words stay and lead nowhere; link a page, a mail address or a number to call")
}

fn missing_heading(galley: &Galley<'_>, fragment: &str) -> Option<Diagnostic> {
    let ids = &galley.reading.heading_ids;
    let own = galley
        .reading
        .tags
        .iter()
        .filter_map(|tag| tag.attribute("id").or_else(|| tag.attribute("name")));
    // `#` alone and `#top` lead to the top (HTML §7.4.6.4).
    if matches!(fragment, "" | "top")
        || ids.contains(fragment)
        || own.clone().any(|id| id == fragment)
    {
        return None;
    }
    let known = ids.iter().map(String::as_str).chain(own);
    let hint = closest(fragment, known).map_or_else(
        || "a heading's name is its words in lower case, joined by dashes".to_owned(),
        |near| format!("did you mean `#{near}`?"),
    );
    let problem = HEADING.found(format!("there is no heading `#{fragment}` in this essay"));
    Some(problem.hint(hint))
}

/// `//host/page` and `www.host/page`, which a browser takes for a page beside this one.
fn schemeless(address: &str) -> Option<Diagnostic> {
    let rest = address.strip_prefix("//");
    let looks_like_host = |text: &str| {
        let host = text.split(['/', '?', '#']).next().unwrap_or_default();
        let ends = host.rsplit_once('.').map(|(_, end)| end);
        host.starts_with("www.")
            || ends.is_some_and(|end| {
                matches!(end, "com" | "org" | "net" | "io" | "dev" | "edu" | "gov")
                    && text.len() > host.len()
            })
    };
    let is_missing = rest.is_some() || (!address.contains("://") && looks_like_host(address));
    is_missing.then(|| {
        let bare = rest.unwrap_or(address);
        SCHEMELESS
            .found(format!("`{address}` does not begin with `https://`"))
            .hint(format!("write `https://{bare}`"))
    })
}

fn leads_nowhere(
    galley: &Galley<'_>,
    base: Option<&Url>,
    page: Option<&Url>,
    address: &str,
) -> Option<Diagnostic> {
    let (base, page) = (base?, page?);
    let url = page.join(address).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let same_site = url.host() == base.host() && url.port() == base.port();
    if !same_site {
        return placeholder(&url).or_else(|| insecure(galley, &url));
    }
    // Beside the archive the author may keep pages of another origin: only what `build` writes
    // below `issues/` is known for sure.
    let below = url.path().strip_prefix(base.path())?;
    let path = below.strip_prefix("issues/")?;
    let target = path.split('/').next().unwrap_or_default();
    let mut others = galley.neighbours();
    let linked = others.find(|other| other.slug.as_str() == target);
    if let Some(problem) = linked.and_then(|other| early(galley, other)) {
        return Some(problem);
    }
    let wanted = below.trim_end_matches("index.html").trim_end_matches('/');
    if galley.around.pages.contains(wanted) || galley.files.contains_key(address) {
        return None;
    }
    Some(dead(galley, address, target))
}

fn dead(galley: &Galley<'_>, address: &str, target: &str) -> Diagnostic {
    let problem = DEAD.found(format!("`{address}` leads nowhere in the archive"));
    let file = address.rsplit('/').next().unwrap_or_default();
    let by_file = galley.around.issues.iter().find(|other| {
        let stem = other.file.trim_start_matches("issues/");
        !file.is_empty() && (stem == file || stem.trim_end_matches("/index.md") == file)
    });
    let slugs = || galley.around.issues.iter().map(|other| other.slug.as_str());
    let last = address.trim_end_matches('/').rsplit('/').next();
    let near = by_file.map(|other| other.slug.as_str()).or_else(|| {
        let last = last.unwrap_or(target);
        slugs()
            .find(|slug| *slug == last)
            .or_else(|| closest(last, slugs()))
    });
    problem.hint(match near {
        Some(slug) => format!("a link to another issue is written `../{slug}/`"),
        None => "a page outside the archive needs its whole address, with `https://`".to_owned(),
    })
}

fn early(galley: &Galley<'_>, other: &Neighbour) -> Option<Diagnostic> {
    let own = galley.issue;
    // Before both are public nobody follows the link.
    let moment = own.published.max(galley.around.now);
    let problem = if other.draft && !own.draft {
        EARLY.found(format!("`{}` is a draft and has no page", other.slug))
    } else if other.published > moment {
        EARLY.found(format!(
            "`{}` is not public yet when this issue is",
            other.slug
        ))
    } else {
        return None;
    };
    Some(problem.hint("publish that one first, or link it in a later correction"))
}

fn placeholder(url: &Url) -> Option<Diagnostic> {
    let host = url.host()?;
    let message = match unreachable(url)? {
        Unreachable::Local => format!("`{host}` is reached from your machine alone"),
        Unreachable::Example => format!("`{host}` is an address of examples"),
    };
    let problem = PLACEHOLDER.found(message);
    Some(problem.hint("put the real address there"))
}

/// Sites that have had `https:` for years, and those that this essay links with it.
fn insecure(galley: &Galley<'_>, url: &Url) -> Option<Diagnostic> {
    const KNOWN: &[&str] = &[
        "wikipedia.org",
        "github.com",
        "youtube.com",
        "archive.org",
        "gutenberg.org",
        "jstor.org",
        "doi.org",
        "nytimes.com",
        "theguardian.com",
        "bbc.co.uk",
        "bbc.com",
        "medium.com",
        "substack.com",
        "ietf.org",
        "w3.org",
    ];
    if url.scheme() != "http" || url.port().is_some() {
        return None;
    }
    let host = url.host_str()?;
    let secure = format!("https://{host}/");
    let linked = galley
        .reading
        .links
        .iter()
        .any(|link| link.address.starts_with(&secure));
    (KNOWN.iter().any(|site| is_within(host, site)) || linked).then(|| {
        INSECURE
            .found(format!("`{host}` has `https:`"))
            .hint("write `https://`: nobody on the way sees or changes the page")
    })
}

/// `](` in running text is a link that the parser did not take for one.
fn broken(galley: &Galley<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for prose in &galley.reading.prose {
        for (mark, hint) in [
            (
                "](",
                "an address with spaces stands between `<` and `>`; brackets come in pairs",
            ),
            ("] (http", "no space may stand between `]` and `(`"),
            (
                "][",
                "nothing defines the link: write `[name]: https://...` on a line of its own",
            ),
        ] {
            let Some(at) = prose.text.find(mark) else {
                continue;
            };
            let Some(start) = opening(&prose.text[..at]) else {
                continue;
            };
            let range = prose.source(start..at + mark.len());
            if is_escaped(galley.reading.markdown, &range)
                || (mark == "][" && !names_link(&prose.text[start..]))
            {
                continue;
            }
            let problem = BROKEN.found("this became no link");
            found.push(galley.in_essay(problem, &range).hint(hint));
            break;
        }
    }
    found
}

/// Where the bracket that would open the link stands.
fn opening(before: &str) -> Option<usize> {
    before.rfind('[').filter(|at| !before[*at..].contains('\n'))
}

/// Whether `[words][name]` begins a text: words of letters, no `[1][2]`.
fn names_link(text: &str) -> bool {
    let mut parts = text.split(['[', ']']).filter(|part| !part.is_empty());
    let worded = |part: Option<&str>| {
        part.is_some_and(|part| part.chars().filter(|c| c.is_alphabetic()).count() > 1)
    };
    worded(parts.next()) && worded(parts.next())
}

fn is_escaped(markdown: &str, range: &Range<usize>) -> bool {
    let bytes = markdown.as_bytes();
    let behind = bytes.get(range.end.saturating_sub(2));
    (range.start > 0 && bytes.get(range.start - 1) == Some(&b'\\')) || behind == Some(&b'\\')
}
