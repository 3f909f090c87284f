//! Many essays in one text.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::effort::effort_of;
use crate::import::{Confidence, PlainEssay, propose, split_at_titles};

/// Three essays with the traps of pasted text: no-break spaces, one empty line before a title,
/// a heading that reads like its essay's title, leftovers.
const ESSAYS: &str = "\
On Keeping a\u{a0} Notebook

I keep a notebook because I forget, and because what I wrote down once comes back later.

1. Size Matters
A small one fits into the pocket, and what is in the pocket is at hand when it is needed.

What do you write on?



Make \u{201c}Read and Reply\u{201d} Work for\u{a0} You

Letters wait for an answer, and the longer they wait the longer the answer has to be in the end.

\u{a0} Trouble with\u{a0} Read and Reply

There is never time, and when there is time there is no paper, as everybody knows who tried it.

Make Read and Reply Work for You

Answer at once, in three lines, and let the long letter come later if it has to come at all.

Image by

Walk First. Write\u{a0} Later.

Whoever walks for an hour has written half the page before a pen was ever taken into the hand.
";

fn source() -> SourceText {
    SourceText::new("essays.txt", ESSAYS)
}

fn split(titles: &[&str]) -> Result<Vec<PlainEssay>, Vec<Diagnostic>> {
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    split_at_titles(&source(), &titles)
}

#[test]
fn all_titles_are_proposed_and_headings_are_never_certain() {
    let proposals = propose(&source());
    let seen: Vec<_> = proposals
        .iter()
        .map(|proposal| (proposal.line, proposal.title.as_str(), proposal.confidence))
        .collect();
    assert_eq!(
        seen,
        [
            (1, "On Keeping a Notebook", Confidence::Certain),
            (
                12,
                "Make “Read and Reply” Work for You",
                Confidence::Certain
            ),
            (16, "Trouble with Read and Reply", Confidence::Possible),
            (20, "Make Read and Reply Work for You", Confidence::Possible),
            (26, "Walk First. Write Later.", Confidence::Certain),
        ]
    );
    assert_eq!(proposals[1].reason, "3 empty lines stand above it");
}

#[test]
fn prose_lists_and_leftovers_are_not_proposed() {
    let text = "A first line that is plainly prose, since it ends in a full stop.\n\nAnd more of it.\n\n\nNow, as I said:\n\n\n2. A Point\n\nmore prose\n\n\nImage by\n\nThe End\n";
    assert_eq!(propose(&SourceText::new("x", text)), []);
    assert_eq!(propose(&SourceText::new("x", "")), []);
    assert_eq!(propose(&SourceText::new("x", "Only A Title\n")), []);
}

#[test]
fn a_title_without_an_empty_line_below_is_proposed_where_it_stands_apart() {
    let text = "First Things\nSome prose.\n\n\nSecond things\nMore prose.\n";
    let lines: Vec<_> = propose(&SourceText::new("x", text))
        .iter()
        .map(|p| p.line)
        .collect();
    assert_eq!(lines, [1, 5]);
}

#[test]
fn a_text_is_cut_at_its_titles_however_they_are_spelt() {
    let essays = split(&[
        "on keeping a notebook",
        "Make \"Read and Reply\"  work for you",
        "Walk first. Write later.",
    ])
    .unwrap();
    let lines: Vec<_> = essays.iter().map(|essay| essay.first_line).collect();
    assert_eq!(lines, [1, 12, 26]);
    assert_eq!(essays[1].title, "Make “Read and Reply” Work for You");
    assert!(
        essays[1].text.contains("Make Read and Reply Work"),
        "the heading stays in the essay"
    );
    assert!(essays[1].text.trim_end().ends_with("Image by"));
    let words = |essay: &PlainEssay| {
        let whole = format!("{} {}", essay.title, essay.text);
        whole
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        essays.iter().flat_map(words).collect::<Vec<_>>(),
        ESSAYS.split_whitespace().collect::<Vec<_>>(),
        "no word is lost"
    );
}

#[test]
fn a_title_that_is_not_there_names_the_closest_line() {
    let problems = split(&[
        "On Keeping a Notebok",
        "Walk First. Write Later.",
        "Nothing of the kind",
    ])
    .unwrap_err();
    assert_eq!(problems.len(), 2);
    assert_eq!(
        problems[0].message(),
        "the title `On Keeping a Notebok` is not in `essays.txt`"
    );
    assert_eq!(
        problems[0].hint_text(),
        Some("did you mean line 1: `On Keeping a Notebook`?")
    );
    assert!(problems[1].hint_text().unwrap().contains("without titles"));
}

#[test]
fn titles_out_of_order_are_said() {
    let problems = split(&["Walk First. Write Later.", "On Keeping a Notebook"]).unwrap_err();
    assert_eq!(
        problems[0].message(),
        "the title `On Keeping a Notebook` is out of order"
    );
    assert_eq!(problems[0].position(), Some(("essays.txt", 1, 1)));
}

#[test]
fn two_essays_of_one_title_are_two_essays() {
    let source = SourceText::new("x", "Notes\nProse.\nNotes\nMore prose.\n");
    let titles = ["Notes".to_owned(), "Notes".to_owned()];
    let essays = split_at_titles(&source, &titles).unwrap();
    let lines: Vec<_> = essays.iter().map(|essay| essay.first_line).collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn text_before_the_first_title_is_not_lost_silently() {
    let problems = split(&["Walk First. Write Later."]).unwrap_err();
    assert_eq!(
        problems[0].message(),
        "the text before the first title belongs to no essay"
    );
    assert_eq!(problems[0].position(), Some(("essays.txt", 1, 1)));
}

#[test]
fn a_title_without_text_is_an_error() {
    let source = SourceText::new("x", "One\nTwo\nProse.\n");
    let problems = split_at_titles(&source, &["One".to_owned(), "Two".to_owned()]).unwrap_err();
    assert_eq!(problems[0].message(), "no text follows the title `One`");
    assert!(split_at_titles(&source, &[]).is_err());
    assert!(split_at_titles(&source, &[String::new()]).is_err());
}

#[test]
fn hostile_text_is_split_in_linear_time() {
    for unit in ["A B\n\n\n", "x", "\n", "Title Here\n\n", "\u{a0}"] {
        let source = SourceText::new("x", unit.repeat(100_000 / unit.len()));
        let titles: Vec<String> = (0..50).map(|n| format!("Title Herr {n}")).collect();
        let (split, took) = effort_of(|| {
            propose(&source);
            split_at_titles(&source, &titles)
        });
        assert!(split.is_err());
        assert!(took.as_millis() < 2500, "{unit:?}: {took:?}");
    }
}
