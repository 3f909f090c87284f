//! Blocks of code.

use super::{Channel, Writer, escape_text};
use crate::render::highlight::Mark;
use crate::render::video::labelled;

impl Writer<'_> {
    pub(super) fn code(&mut self, language: &str, text: &str, marks: &[Mark]) {
        self.out.push_str("<pre");
        if self.channel == Channel::Web {
            // Long lines scroll in their box, also for who has no mouse (WCAG 2.1.1).
            self.out.push_str(" tabindex=\"0\" role=\"group\"");
            let label = match language {
                "" => self.words.code.to_string(),
                _ => labelled(&self.words.code, language, self.words),
            };
            self.attribute("aria-label", &label);
        }
        self.out.push_str("><code");
        if self.channel == Channel::Web && !language.is_empty() {
            self.attribute("class", &format!("language-{language}"));
        }
        self.out.push('>');
        match self.channel {
            Channel::Feed => escape_text(text, &mut self.out),
            Channel::Web | Channel::Email => self.marked(text, marks),
        }
        self.out.push_str("</code></pre>\n");
    }

    /// Code with a class around each part that is told apart.
    fn marked(&mut self, text: &str, marks: &[Mark]) {
        let mut from = 0;
        for (token, range) in marks {
            escape_text(&text[from..range.start], &mut self.out);
            self.write(format_args!("<span class=\"{}\">", token.class()));
            escape_text(&text[range.clone()], &mut self.out);
            self.out.push_str("</span>");
            from = range.end;
        }
        escape_text(&text[from..], &mut self.out);
    }
}
