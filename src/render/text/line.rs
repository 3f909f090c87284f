//! Lines of plain text, and how they are coded so that a reader's program may break them anew
//! (RFC 3676, `format=flowed`).

/// Plain text as it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowedText {
    /// Its lines, each with LF at its end.
    pub text: String,
    /// Whether the space that a soft line break leaves behind is none of the text: the parameter
    /// `DelSp`.
    pub deletes_spaces: bool,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum End {
    /// Here, whoever reads it.
    #[default]
    Hard,
    /// At a space of its sentence.
    AtSpace,
    /// Between two signs of a script that puts no spaces between words.
    BetweenSigns,
}

/// A line without the marks of the quotes around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// In how many quotes it stands.
    quotes: usize,
    pub(super) text: String,
    /// How its sentence goes on in the next line.
    end: End,
    /// Whether a space is put before it that the reader's program takes away.
    is_stuffed: bool,
}

impl Line {
    /// A line that ends where it ends.
    pub(super) fn hard(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A line of a paragraph.
    pub(super) fn of_paragraph(text: String, end: End) -> Self {
        Self {
            // A signature begins with two hyphens and a space (§4.3).
            end: if text == "--" { End::Hard } else { end },
            text,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.quotes == 0 && self.text.is_empty()
    }

    /// The line as one of a list or the like, behind `before`. What is indented cannot flow: its
    /// second line would lose its place. All of it is stuffed, so that its lines stand below one
    /// another also where nobody takes the space away.
    fn indented(self, before: &str) -> Self {
        let text = [before, &self.marked()].concat();
        Self {
            text: text.trim_end().to_owned(),
            is_stuffed: true,
            ..Self::default()
        }
    }

    /// The text behind the marks of its quotes (§4.5).
    fn marked(&self) -> String {
        let mut out = ">".repeat(self.quotes);
        if self.quotes > 0 && !self.text.is_empty() {
            out.push(' ');
        }
        out.push_str(&self.text);
        out
    }

    /// Appends the line in its coded form, with its line end. A space before that end says that
    /// the sentence goes on (§4.1); where `DelSp` is "yes" it is taken away, so that a space of the
    /// sentence stands before it.
    fn write(&self, deletes_spaces: bool, out: &mut String) {
        // The space behind the marks of a quote counts as stuffing (§4.5).
        if self.quotes == 0 && (self.is_stuffed || needs_stuffing(&self.text)) && !self.is_empty() {
            out.push(' ');
        }
        out.push_str(&self.marked());
        out.push_str(match self.end {
            End::AtSpace if deletes_spaces => "  \n",
            End::AtSpace | End::BetweenSigns => " \n",
            End::Hard => "\n",
        });
    }
}

/// Whether a line begins with what means something at the beginning of a line (§4.4).
pub(crate) fn needs_stuffing(line: &str) -> bool {
    line.starts_with([' ', '>']) || line.starts_with("From ")
}

/// Lines with something before the first and something before the others.
pub(super) fn prefix(lines: Vec<Line>, first: &str, others: &str) -> Vec<Line> {
    lines
        .into_iter()
        .enumerate()
        .map(|(index, line)| line.indented(if index == 0 { first } else { others }))
        .collect()
}

/// Lines of a quote.
pub(super) fn quoted(mut lines: Vec<Line>) -> Vec<Line> {
    for line in &mut lines {
        line.quotes += 1;
    }
    lines
}

/// Joins groups of lines, with an empty line between them if they are `loose`.
pub(super) fn join(groups: Vec<Vec<Line>>, loose: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for group in groups {
        if loose && !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(group);
    }
    lines
}

/// The coded text of all lines. `DelSp` is "yes" as soon as one line ends where no space is: joined
/// with the next, as Chinese and Japanese must be, it would otherwise get one (§4.1).
pub(super) fn coded(lines: &[Line]) -> FlowedText {
    let deletes_spaces = lines.iter().any(|line| line.end == End::BetweenSigns);
    let mut text = String::new();
    for line in lines {
        line.write(deletes_spaces, &mut text);
    }
    FlowedText {
        text,
        deletes_spaces,
    }
}
