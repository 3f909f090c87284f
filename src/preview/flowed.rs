//! Plain text of `format=flowed` as a mail program shows it in a window of any width (RFC 3676).

/// Joins the lines that the sender broke softly. Where the text says so (`DelSp`), the space that
/// marks such a break goes.
pub(super) fn unflowed(text: &str, deletes_spaces: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        // RFC 3676 §4.4: one space in front is stuffing.
        let content = line[depth..].strip_prefix(' ').unwrap_or(&line[depth..]);
        match open {
            // RFC 3676 §4.5: a paragraph ends where the depth changes.
            Some(before) if before == depth && content != "-- " => {}
            Some(_) => {
                out.push('\n');
                quote(&mut out, depth);
            }
            None => quote(&mut out, depth),
        }
        // RFC 3676 §4.3: the line before a signature looks flowed and is not.
        let broken = content.strip_suffix(' ').filter(|_| content != "-- ");
        if let Some(broken) = broken {
            out.push_str(if deletes_spaces { broken } else { content });
            open = Some(depth);
        } else {
            out.push_str(content);
            out.push('\n');
            open = None;
        }
    }
    if open.is_some() {
        out.push('\n');
    }
    out
}

fn quote(out: &mut String, depth: usize) {
    if depth > 0 {
        out.push_str(&">".repeat(depth));
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_breaks_go_and_hard_ones_stay() {
        let text = "A paragraph that \nwas broken.\n\n  four spaces\n From here\n> quoted \n> words\n>> deeper \nout\n-- \nThe editors\n";
        assert_eq!(
            unflowed(text, false),
            "A paragraph that was broken.\n\n four spaces\nFrom here\n> quoted words\n>> deeper \nout\n-- \nThe editors\n"
        );
    }

    #[test]
    fn a_paragraph_before_a_signature_or_the_end_is_closed() {
        assert_eq!(unflowed("so \n-- \nme", false), "so \n-- \nme\n");
        assert_eq!(unflowed("so ", false), "so \n");
        assert_eq!(unflowed("", false), "");
    }

    #[test]
    fn a_space_that_marks_a_break_goes_where_the_text_says_so() {
        assert_eq!(
            unflowed("日本 \n語の  \nEnglish\n> 引 \n> 用\n-- \n編 \n集\n", true),
            "日本語の English\n> 引用\n-- \n編集\n"
        );
    }
}
