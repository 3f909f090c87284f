//! A stylesheet for text that runs from right to left. Mail programs do not know the properties that
//! follow the direction of the text (`padding-inline-start`), so that left and right trade places
//! here.

/// Swaps `left` and `right` in the names of properties, and the second and fourth value where the
/// four sides stand in one (CSS Box Model 3 §5). Values such as `text-align: left` mean what they
/// say. Comments are left out.
pub(super) fn mirrored(css: &str) -> String {
    let css = without_comments(css);
    let mut out = String::with_capacity(css.len());
    let mut rest = css.as_str();
    while let Some(end) = rest.find(['{', '}', ';']) {
        let (piece, behind) = rest.split_at(end);
        // In front of `{` stands a selector.
        if behind.starts_with('{') {
            out.push_str(piece);
        } else {
            out.push_str(&declaration(piece));
        }
        out.push_str(&behind[..1]);
        rest = &behind[1..];
    }
    out.push_str(rest);
    out
}

fn declaration(text: &str) -> String {
    let Some((name, value)) = text.split_once(':') else {
        return text.to_owned();
    };
    let sides: Vec<&str> = value.split_whitespace().collect();
    let is_box = matches!(
        name.trim(),
        "margin" | "padding" | "border-color" | "border-style" | "border-width"
    );
    match sides.as_slice() {
        [top, right, bottom, left, important @ ..] if is_box && important.len() < 2 => {
            let swapped = [&[*top, *left, *bottom, *right], important].concat();
            let end = &value[value.trim_end().len()..];
            format!("{name}: {}{end}", swapped.join(" "))
        }
        _ => format!("{}:{value}", swapped(name)),
    }
}

fn swapped(name: &str) -> String {
    let parts = name.split('-').map(|part| match part.trim() {
        "left" => part.replace("left", "right"),
        "right" => part.replace("right", "left"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("-")
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, inside)) = rest.split_once("/*") {
        out.push_str(before);
        rest = inside.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::mirrored;

    #[test]
    fn left_and_right_trade_places() {
        for (css, expected) in [
            (
                "p { border-left: 3px solid #b4aca0 }",
                "p { border-right: 3px solid #b4aca0 }",
            ),
            ("p { padding: 0 0 0 28px }", "p { padding: 0 28px 0 0 }"),
            (
                "p { margin: 1px 2px 3px 4px !important; right: 0 }",
                "p { margin: 1px 4px 3px 2px !important; left: 0 }",
            ),
            (
                "p { margin: 0 0 17px; padding:1px 2px }",
                "p { margin: 0 0 17px; padding:1px 2px }",
            ),
            (
                "pre { direction: ltr; text-align: left }",
                "pre { direction: ltr; text-align: left }",
            ),
            (
                "a:hover { margin-right: 1px } .left { }",
                "a:hover { margin-left: 1px } .left { }",
            ),
            (
                "/* left: { */p{margin-left:1px}/* open",
                "p{margin-right:1px}",
            ),
            (
                "@media (min-width: 1px) { p { left: 0; } }",
                "@media (min-width: 1px) { p { right: 0; } }",
            ),
            ("", ""),
        ] {
            assert_eq!(mirrored(css), expected);
        }
    }

    #[test]
    fn twice_mirrored_is_what_it_was() {
        let css = super::without_comments(include_str!("../../templates/essay.css"));
        let once = mirrored(&css);
        assert_ne!(once, css);
        assert_eq!(mirrored(&once), css);
    }
}
