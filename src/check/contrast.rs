//! Colours as CSS writes them, and how well one is read on another (WCAG 2.2).

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) [u8; 3]);

impl Colour {
    /// Reads `#rgb`, `#rrggbb`, `rgb(...)` and the names in use; `None` for everything else, also
    /// for a colour that lets the background through.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text
            .trim()
            .trim_end_matches("!important")
            .trim()
            .to_ascii_lowercase();
        if let Some(digits) = text.strip_prefix('#') {
            return Self::from_hex(digits);
        }
        if let Some(inside) = text
            .strip_prefix("rgb(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            let parts: Vec<u8> = inside
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok())
                .collect::<Option<_>>()?;
            return Some(Self(parts.try_into().ok()?));
        }
        let known = NAMES.iter().find(|(name, _)| *name == text)?;
        Some(Self(known.1))
    }

    fn from_hex(digits: &str) -> Option<Self> {
        let value = |text: &str| u8::from_str_radix(text, 16).ok();
        match digits.len() {
            3 if digits.is_ascii() => {
                let one = |at: usize| Some(value(&digits[at..=at])? * 17);
                Some(Self([one(0)?, one(1)?, one(2)?]))
            }
            6 if digits.is_ascii() => {
                let two = |at: usize| value(&digits[at..at + 2]);
                Some(Self([two(0)?, two(2)?, two(4)?]))
            }
            _ => None,
        }
    }

    /// From 1 (the same) to 21 (black on white).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Relative luminance as WCAG defines it.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

const NAMES: &[(&str, [u8; 3])] = &[
    ("black", [0, 0, 0]),
    ("white", [255, 255, 255]),
    ("red", [255, 0, 0]),
    ("green", [0, 128, 0]),
    ("blue", [0, 0, 255]),
    ("yellow", [255, 255, 0]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("silver", [192, 192, 192]),
    ("maroon", [128, 0, 0]),
    ("navy", [0, 0, 128]),
    ("purple", [128, 0, 128]),
    ("teal", [0, 128, 128]),
    ("olive", [128, 128, 0]),
    ("lime", [0, 255, 0]),
    ("aqua", [0, 255, 255]),
    ("cyan", [0, 255, 255]),
    ("fuchsia", [255, 0, 255]),
    ("magenta", [255, 0, 255]),
    ("orange", [255, 165, 0]),
    ("brown", [165, 42, 42]),
    ("pink", [255, 192, 203]),
    ("gold", [255, 215, 0]),
    ("crimson", [220, 20, 60]),
    ("tomato", [255, 99, 71]),
    ("darkred", [139, 0, 0]),
    ("darkgreen", [0, 100, 0]),
    ("darkblue", [0, 0, 139]),
    ("midnightblue", [25, 25, 112]),
    ("darkgray", [169, 169, 169]),
    ("lightgray", [211, 211, 211]),
    ("lightgrey", [211, 211, 211]),
    ("whitesmoke", [245, 245, 245]),
    ("ivory", [255, 255, 240]),
    ("beige", [245, 245, 220]),
    ("lightyellow", [255, 255, 224]),
    ("steelblue", [70, 130, 180]),
    ("firebrick", [178, 34, 34]),
    ("rebeccapurple", [102, 51, 153]),
];

#[cfg(test)]
mod tests {
    use super::Colour;

    #[test]
    fn contrasts_are_those_of_the_standard() {
        let of = |one: &str, two: &str| {
            let colour = |text| Colour::parse(text).unwrap();
            (colour(one).contrast(colour(two)) * 100.0).round() / 100.0
        };
        assert!((of("#000", "white") - 21.0).abs() < 0.001);
        assert!((of("#777777", "#fff") - 4.48).abs() < 0.001);
        assert!((of("rgb(255, 0, 0)", "RED") - 1.0).abs() < 0.001);
    }

    #[test]
    fn what_is_no_whole_colour_is_none() {
        for text in [
            "#12",
            "#12345é",
            "rgb(1,2)",
            "rgb(300,0,0)",
            "var(--x)",
            "#ffff",
            "",
        ] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }
}
