//! `check --online`: whether the pages are there to which issues link.

use std::collections::BTreeMap;

use url::Url;

use super::{Publication, Stop};
use crate::check::{Reading, Silence, judge_answer};
use crate::diagnostic::Diagnostic;
use crate::essay::parse_essay;
use crate::issue::Issue;
use crate::visitor::Visitor;

/// Visits every address once, and tells of it where it is first linked.
pub(super) fn visit_links(
    publication: &Publication,
    issues: &[&Issue],
) -> Result<Vec<Diagnostic>, Stop> {
    let mut places = BTreeMap::new();
    for issue in issues {
        let page = Url::parse(&publication.issue_url(issue)).ok();
        for (address, range) in Reading::of(&issue.markdown).link_addresses() {
            // Links within the archive are judged without the network.
            let Some(mut url) = Url::parse(address).ok().filter(|url| {
                matches!(url.scheme(), "http" | "https")
                    && page
                        .as_ref()
                        .is_none_or(|page| page.origin() != url.origin())
            }) else {
                continue;
            };
            url.set_fragment(None);
            let start = issue.markdown_start;
            let place = start + range.start..start + range.end;
            places.entry(url).or_insert((*issue, place));
        }
    }
    let failed = |cause: String| Diagnostic::error("cannot look at links online").cause(cause);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failed(error.to_string()))?;
    let visitor =
        Visitor::new(&publication.config.base_url, "looks whether links work").map_err(failed)?;
    let answers = runtime.block_on(visitor.visit_all(places.keys().cloned().collect()));
    let told = places.into_iter().filter_map(|(url, (issue, place))| {
        let problem = judge_answer(url.as_str(), answers.get(url.as_str())?)?;
        let silence = parse_essay(&issue.source).map(|parsed| parsed.essay.front.silence);
        let silence = silence.unwrap_or_default();
        let silence = Silence::new(silence.iter().map(|name| name.value.as_str()));
        (!silence.covers(&problem)).then(|| problem.at(&issue.source, place))
    });
    Ok(told.collect())
}
