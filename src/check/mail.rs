//! The mail as a reader gets it: its size, and whether its two parts say the same.

use std::collections::{BTreeSet, HashSet};

use super::reading::is_unspaced;
use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;
use crate::message::MailParts;
use crate::render::{find_urls, shown_text};

/// A template fails for some reader.
pub const BROKEN_TEMPLATE: Rule =
    Rule::error("broken-template", "a template fails for some reader");
/// A template hides the way out.
pub const NO_UNSUBSCRIBE: Rule =
    Rule::error("no-unsubscribe", "the mail shows no way to unsubscribe");
const CLIPPED: Rule = Rule::error_for_most(
    "clipped-mail",
    "the HTML is over 102,400 bytes: Gmail cuts it off, and the way to unsubscribe with it",
);
const LONG: Rule = Rule::note("long-mail", "the HTML is over 80,000 bytes");
const DIFFER: Rule = Rule::warning(
    "parts-differ",
    "the plain text says something else than the HTML",
);

pub(super) const RULES: &[Rule] = &[BROKEN_TEMPLATE, NO_UNSUBSCRIBE, CLIPPED, LONG, DIFFER];

/// Where Gmail cuts, in bytes as sent. Observed, not documented.
const CUT: usize = 102_400;
const NEAR_THE_CUT: usize = 80_000;

/// Least part of the words that both must have, of a hundred.
const LEAST_SHARED: usize = 60;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let Some(mail) = galley.mail.filter(|_| galley.is_to_be_mailed) else {
        return;
    };
    size(galley, mail, found);
    agreement(galley, mail, found);
}

fn size(galley: &Galley<'_>, mail: &MailParts, found: &mut Vec<Diagnostic>) {
    // Standards I1: neither as sent nor decoded may the part be longer. Encoded, letters of other
    // scripts are longer; lines that are broken there are not.
    let bytes = mail.html_as_sent.max(mail.html.len());
    let told = |rule: Rule| {
        let problem = rule.found(format!("the mail's HTML has {bytes} bytes as it is sent"));
        galley
            .in_front(problem, galley.front.title.as_ref())
            .cause(what_is_large(mail))
    };
    let remedy = remedy(galley, mail);
    if bytes > CUT {
        found.push(told(CLIPPED).hint(format!(
            "Gmail shows {CUT} of them and hides the rest, the way to unsubscribe included; {remedy}; \
             `silence = [\"{}\"]` sends it all the same",
            CLIPPED.name
        )));
    } else if bytes > NEAR_THE_CUT {
        found.push(told(LONG).hint(format!("Gmail cuts at {CUT}; {remedy}")));
    }
}

/// Kinds of elements that make a mail large, and what they are called.
const LARGE_KINDS: [(&str, &str); 2] = [("pre", "blocks of code"), ("table", "tables")];

/// From this share on, of a hundred bytes, a kind is named.
const LARGE_SHARE: usize = 10;

/// Those of which the mail is made to a large part, with their shares.
fn large_kinds(mail: &MailParts) -> impl Iterator<Item = (&'static str, usize)> {
    LARGE_KINDS.into_iter().filter_map(|(element, name)| {
        let end = format!("</{element}>");
        let inside: usize = mail
            .html
            .split(&format!("<{element}"))
            .skip(1)
            // That is the layout.
            .filter(|rest| !rest.starts_with(" role=\"presentation\""))
            .filter_map(|rest| rest.find(&end))
            .sum();
        let share = inside * 100 / mail.html.len().max(1);
        (share >= LARGE_SHARE).then_some((name, share))
    })
}

/// Where the bytes are.
fn what_is_large(mail: &MailParts) -> String {
    let (essay, all) = (mail.essay_as_sent, mail.html_as_sent);
    let kinds: Vec<String> = large_kinds(mail)
        .map(|(name, share)| format!(", {share} % of it in {name}"))
        .collect();
    let layout = all - essay.min(all);
    format!(
        "the essay makes {essay} of them{}; the layout around it {layout}",
        kinds.concat()
    )
}

/// What makes it smaller.
fn remedy(galley: &Galley<'_>, mail: &MailParts) -> String {
    let mut ways = vec![match &galley.issue.mail_excerpt {
        None => "write `mail = \"excerpt\"` and put `<!-- more -->` where the mail ends".to_owned(),
        Some(_) => "put `<!-- more -->` further up".to_owned(),
    }];
    ways.extend(large_kinds(mail).map(|(name, _)| format!("show fewer {name}")));
    if mail.html_as_sent > mail.essay_as_sent + NEAR_THE_CUT / 2 {
        ways.push("make `email.html` shorter".to_owned());
    }
    ways.push("split the essay in two".to_owned());
    let last = ways.pop().unwrap_or_default();
    format!("{}, or {last}", ways.join(", "))
}

/// Standards J3: filters compare the two, and so do readers with two programs.
fn agreement(galley: &Galley<'_>, mail: &MailParts, found: &mut Vec<Diagnostic>) {
    let (shown, links) = shown_text(&mail.html);
    let (html, text) = (words(&shown), words(&mail.text));
    let shared = html.intersection(&text).count();
    let all = html.len().min(text.len());
    let tell = |problem: Diagnostic| galley.in_front(problem, galley.front.title.as_ref());
    let hint =
        "compare `templates/email.html` with `email.txt`, and the parts for one channel only";
    if shared * 100 < all.max(1) * LEAST_SHARED || html.len().max(text.len()) > 3 * all + 50 {
        let problem = DIFFER.found("the plain text of the mail differs from its HTML");
        found.push(tell(problem).hint(hint));
        return;
    }
    let is_web = |address: &str| address.starts_with("http://") || address.starts_with("https://");
    let in_html: BTreeSet<&str> = links
        .iter()
        .map(String::as_str)
        .filter(|link| is_web(link))
        .collect();
    let in_text: BTreeSet<&str> = find_urls(&mail.text)
        .into_iter()
        .map(|range| &mail.text[range])
        .collect();
    let missing = in_html.iter().find(|link| !mail.text.contains(**link));
    let shown_too =
        |link: &&&str| !in_html.contains(**link) && !shown.contains(**link) && is_web(link);
    let problem = match (missing, in_text.iter().find(shown_too)) {
        (Some(link), _) => format!("the plain text of the mail lacks the link `{link}`"),
        (None, Some(link)) => format!("the HTML of the mail lacks the link `{link}`"),
        (None, None) => return,
    };
    found.push(tell(DIFFER.found(problem)).hint(hint));
}

/// The different words of a text, in lower case. Scripts without spaces have none that a break of a
/// line would leave whole: there each sign is one.
fn words(text: &str) -> HashSet<String> {
    let spaced = text
        .split(|character: char| !character.is_alphanumeric() || is_unspaced(character))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    let signs = text.chars().filter(|character| is_unspaced(*character));
    spaced.chain(signs.map(String::from)).collect()
}
