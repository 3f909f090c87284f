//! A text of many essays and their titles -> the essays.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::lines::{Line, clean, lines};
use crate::diagnostic::{Diagnostic, SourceText, closest};

/// One essay of a text of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainEssay {
    /// The title as it stands in the text, with single spaces.
    pub title: String,
    /// Everything between the title's line and the next title's.
    pub text: String,
    /// Number of the title's line, from 1.
    pub first_line: usize,
}

/// Longest line that can be meant by a title, in characters.
const LONGEST_TITLE: usize = 300;

/// Cuts a text at its titles, given in the order in which they stand there. White space, quotes,
/// dashes and case may differ; of several equal lines the first behind the previous title counts.
///
/// Nothing is dropped silently: a title that is not found, text before the first title and a
/// title without text below are errors, all told at once.
pub fn split_at_titles(
    source: &SourceText,
    titles: &[String],
) -> Result<Vec<PlainEssay>, Vec<Diagnostic>> {
    let lines = lines(&source.text);
    let index = Index::new(&lines);
    let mut found: Vec<usize> = Vec::new();
    let mut problems = Vec::new();
    for title in titles {
        let from = found.last().map_or(0, |last| last + 1);
        match index.find(title, from) {
            Some(at) => found.push(at),
            None => problems.push(index.not_found(source, &lines, title)),
        }
    }
    if titles.is_empty() {
        problems.push(
            Diagnostic::error("no titles are given").hint("give `--titles FILE` or `--title`"),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    problems.extend(text_before(source, &lines, &found));
    let essays = cut(source, &lines, &found, &mut problems);
    if problems.is_empty() {
        Ok(essays)
    } else {
        Err(problems)
    }
}

/// Lines by what is left of them when spelling does not count.
struct Index(HashMap<String, Vec<usize>>);

impl Index {
    fn new(lines: &[Line]) -> Self {
        let mut index: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            let fits = line.text.len() <= LONGEST_TITLE * 4;
            if fits && !line.text.is_empty() {
                index.entry(bare(&line.text)).or_default().push(at);
            }
        }
        Self(index)
    }

    fn find(&self, title: &str, from: usize) -> Option<usize> {
        let found = self.0.get(&bare(&clean(title)))?;
        found.get(found.partition_point(|at| *at < from)).copied()
    }

    fn not_found(&self, source: &SourceText, lines: &[Line], title: &str) -> Diagnostic {
        let title = clean(title);
        if let Some(at) = self.find(&title, 0) {
            let line = &lines[at];
            return Diagnostic::error(format!("the title `{title}` is out of order"))
                .at(source, line.start..line.start)
                .label("it stands here, not below the title before it")
                .hint("give the titles in the order of the text, each of them once");
        }
        let problem = Diagnostic::error(format!("the title `{title}` is not in `{}`", source.name));
        let wanted = bare(&title);
        let length = wanted.len();
        let mut alike: Vec<&str> = (self.0.keys())
            .map(String::as_str)
            .filter(|line| line.len().abs_diff(length) <= 4 + length / 4 && length <= LONGEST_TITLE)
            .collect();
        alike.sort_unstable();
        alike.truncate(2000);
        match closest(&wanted, alike).and_then(|line| self.0.get(line)?.first()) {
            Some(at) => {
                let Line { number, text, .. } = &lines[*at];
                problem.hint(format!("did you mean line {number}: `{text}`?"))
            }
            None => problem.hint("without titles `import` shows the lines that may be one"),
        }
    }
}

/// Letters, digits and signs of a line: compatibility forms and case folded, quotes left out,
/// dashes alike.
fn bare(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .filter_map(|character| match character {
            '"' | '\'' | '`' | '´' | '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '‟' | '«' | '»'
            | '‹' | '›' => None,
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => Some('-'),
            other => Some(other),
        })
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn text_before(source: &SourceText, lines: &[Line], found: &[usize]) -> Option<Diagnostic> {
    let first = *found.first()?;
    let line = lines[..first].iter().find(|line| !line.text.is_empty())?;
    Some(
        Diagnostic::error("the text before the first title belongs to no essay")
            .at(source, line.start..line.start)
            .hint("give its title too, or delete it from the file"),
    )
}

fn cut(
    source: &SourceText,
    lines: &[Line],
    found: &[usize],
    problems: &mut Vec<Diagnostic>,
) -> Vec<PlainEssay> {
    let text = &source.text;
    let start_of = |at: usize| lines.get(at).map_or(text.len(), |line| line.start);
    let mut essays = Vec::with_capacity(found.len());
    for (position, &at) in found.iter().enumerate() {
        let line = &lines[at];
        let end = found
            .get(position + 1)
            .map_or(text.len(), |next| start_of(*next));
        let body = &text[start_of(at + 1).min(end)..end];
        if clean(body).is_empty() {
            problems.push(
                Diagnostic::error(format!("no text follows the title `{}`", line.text))
                    .at(source, line.start..line.start)
                    .hint("leave the title out if the line is part of a table of contents"),
            );
        }
        essays.push(PlainEssay {
            title: line.text.clone(),
            text: body.to_owned(),
            first_line: line.number,
        });
    }
    essays
}
