//! Charts, drawn as SVG. Colours come from the page's style sheet by class; every figure that a chart
//! shows stands beside it in a table as well, so that nobody has to see it.

use std::fmt::Write;

/// Width of a chart in its own units.
const WIDTH: f64 = 640.0;
/// Height of the field in which values are drawn.
const FIELD: f64 = 150.0;
/// Room on the left for the numbers of the scale.
const LEFT: f64 = 48.0;
/// Room above the field.
const TOP: f64 = 12.0;
/// Room below the field for the names.
const BELOW: f64 = 24.0;
/// About so many names have room below.
const NAMES: usize = 8;

/// A part of a bar: a class for its colour, and its size.
pub(super) type Part = (&'static str, u64);

/// One bar whose parts share its length.
pub(super) fn bar(parts: &[Part]) -> String {
    let mut svg = String::from(
        r#"<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">"#,
    );
    let mut from = 0.0;
    for (class, width) in widths(parts) {
        let _ = write!(
            svg,
            r#"<rect class="{class}" x="{from:.1}" y="0" width="{width:.1}" height="10"/>"#
        );
        from += width;
    }
    svg.push_str("</svg>");
    svg
}

/// Widths of the parts that there are, a thousand together. One of a million is to be seen: what it
/// gets beyond its share the largest gives.
fn widths(parts: &[Part]) -> Vec<(&'static str, f64)> {
    const NARROWEST: f64 = 4.0;
    let total: u64 = parts.iter().map(|(_, count)| count).sum();
    let there = parts.iter().filter(|(_, count)| *count > 0);
    let mut widths: Vec<_> = there
        .map(|(class, count)| (*class, (share(*count, total) * 1000.0).max(NARROWEST)))
        .collect();
    let beyond = widths.iter().map(|(_, width)| width).sum::<f64>() - 1000.0;
    if let Some((_, width)) = widths
        .iter_mut()
        .max_by(|one, other| one.1.total_cmp(&other.1))
    {
        *width -= beyond;
    }
    widths
}

/// Columns side by side: two values for each name, in the colours of two classes.
pub(super) fn columns(label: &str, classes: [&str; 2], values: &[(String, u64, u64)]) -> String {
    let most = values.iter().map(|(_, one, other)| *one.max(other)).max();
    let scale = Scale::up_to(most.unwrap_or(0));
    let mut svg = open(label, &scale);
    let step = (WIDTH - LEFT) / as_length(values.len().max(1));
    let width = (step * 0.32).min(40.0);
    for (at, (name, one, other)) in values.iter().enumerate() {
        let middle = LEFT + step * (as_length(at) + 0.5);
        for (class, count, x) in [
            (classes[0], one, middle - width),
            (classes[1], other, middle),
        ] {
            let height = scale.height(*count);
            if *count > 0 {
                let y = TOP + FIELD - height;
                let _ = write!(
                    svg,
                    r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#
                );
            }
        }
        name_below(&mut svg, name, middle, at, values.len());
    }
    svg.push_str("</svg>");
    svg
}

/// A line through one value for each name.
pub(super) fn line(label: &str, values: &[(String, u64)]) -> String {
    let most = values.iter().map(|(_, value)| *value).max();
    let scale = Scale::up_to(most.unwrap_or(0));
    let mut svg = open(label, &scale);
    let step = (WIDTH - LEFT) / as_length(values.len().max(1));
    let place = |at: usize, value: u64| {
        let x = LEFT + step * (as_length(at) + 0.5);
        (x, TOP + FIELD - scale.height(value))
    };
    let points = values.iter().enumerate().map(|(at, (_, value))| {
        let (x, y) = place(at, *value);
        format!("{x:.1},{y:.1}")
    });
    let points: Vec<String> = points.collect();
    let _ = write!(
        svg,
        r#"<polyline class="line" points="{}"/>"#,
        points.join(" ")
    );
    for (at, (name, value)) in values.iter().enumerate() {
        let (x, y) = place(at, *value);
        let _ = write!(
            svg,
            r#"<circle class="point" cx="{x:.1}" cy="{y:.1}" r="3"/>"#
        );
        name_below(&mut svg, name, x, at, values.len());
    }
    svg.push_str("</svg>");
    svg
}

/// The beginning of a chart, with the lines of its scale.
fn open(label: &str, scale: &Scale) -> String {
    let height = TOP + FIELD + BELOW;
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">"#,
        escaped(label)
    );
    for mark in scale.marks() {
        let y = TOP + FIELD - scale.height(mark);
        let _ = write!(
            svg,
            r#"<line class="mark" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/><text class="scale" x="{:.1}" y="{:.1}">{mark}</text>"#,
            LEFT - 6.0,
            y + 4.0
        );
    }
    svg
}

/// The name of a value, where there is room for it.
fn name_below(svg: &mut String, name: &str, x: f64, at: usize, of: usize) {
    let every = of.div_ceil(NAMES).max(1);
    // Counted from the end: the latest always has its name.
    if (of - 1 - at).is_multiple_of(every) {
        let y = TOP + FIELD + 17.0;
        let _ = write!(
            svg,
            r#"<text class="name" x="{x:.1}" y="{y:.1}">{}</text>"#,
            escaped(name)
        );
    }
}

/// A scale from zero to a round number.
struct Scale {
    step: u64,
    steps: u64,
}

impl Scale {
    /// Reaches `most` in two to five steps of 1, 2 or 5 times a power of ten.
    fn up_to(most: u64) -> Self {
        let most = most.max(1);
        let mut step: u64 = 1;
        for factor in [2, 5, 10].iter().cycle() {
            if most.div_ceil(step) <= 5 {
                break;
            }
            // 1, 2, 5, 10, 20, 50 ...: each time by 2, 2.5 and 2.
            step = match factor {
                5 => step.saturating_mul(5) / 2,
                _ => step.saturating_mul(2),
            };
        }
        Self {
            step,
            steps: most.div_ceil(step),
        }
    }

    fn marks(&self) -> impl Iterator<Item = u64> {
        let step = self.step;
        (0..=self.steps).map(move |number| number.saturating_mul(step))
    }

    fn height(&self, value: u64) -> f64 {
        share(value, self.step.saturating_mul(self.steps)) * FIELD
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture is not exact to the last of 2^53"
)]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "there are fewer values than that"
)]
fn as_length(count: usize) -> f64 {
    count as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number_in_few_steps() {
        let scale = |most| {
            let scale = Scale::up_to(most);
            scale.marks().collect::<Vec<_>>()
        };
        assert_eq!(scale(0), [0, 1]);
        assert_eq!(scale(4), [0, 1, 2, 3, 4]);
        assert_eq!(scale(6), [0, 2, 4, 6]);
        assert_eq!(scale(23), [0, 5, 10, 15, 20, 25]);
        assert_eq!(scale(51), [0, 20, 40, 60]);
        assert_eq!(
            scale(1_000_000),
            [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]
        );
        let largest = scale(u64::MAX);
        assert!(largest.len() <= 7, "{largest:?}");
    }

    #[test]
    fn the_parts_of_a_bar_fill_it_and_the_smallest_is_seen() {
        let parts = widths(&[("sent", 999_999), ("failed", 1), ("open", 0)]);
        let [("sent", sent), ("failed", failed)] = parts[..] else {
            panic!("{parts:?}");
        };
        assert!(
            failed >= 4.0 && (sent + failed - 1000.0).abs() < 0.01,
            "{parts:?}"
        );
        assert!(bar(&[]).ends_with("></svg>"));
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let name = r#"</text><script>"&"#.to_owned();
        for drawn in [
            line("a", &[(name.clone(), 1)]),
            columns("a", ["b", "c"], &[(name, 1, 2)]),
            line(r#""><script>"#, &[]),
        ] {
            assert!(!drawn.contains("<script"), "{drawn}");
        }
    }
}
