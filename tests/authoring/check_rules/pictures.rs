//! Pictures: there, described, light.

use super::{WORDS, essay, finds, room, silent, with};
use crate::support::newsroom::Newsroom;

/// One grey pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDAT\x08\xd7ch\0\0\0\x82\0\x81\xddCj\xf4\0\0\0\0IEND\xaeB`\x82";

/// A picture of so many bytes, which nobody looks into.
fn picture(bytes: usize) -> Vec<u8> {
    let mut png = PNG.to_vec();
    png.resize(bytes.max(png.len()), 0);
    png
}

fn folder(text: &str) -> Newsroom {
    let issue = essay(text).read("issues/2026-12-01-the-lamp.md");
    room().file("issues/2026-12-01-the-lamp/index.md", issue)
}

#[test]
fn a_picture_that_is_not_there_is_an_error() {
    finds("missing-picture", &folder("![A lamp](lamp.png)"));
    finds("missing-picture", &essay("![A lamp](lamp.png)"));
    silent(
        &folder("![A lamp](the%20lamp.png)")
            .file("issues/2026-12-01-the-lamp/the lamp.png", picture(0)),
    );
}

#[test]
fn pictures_are_described() {
    finds(
        "missing-alt",
        &essay("![](https://www.rfc-editor.org/lamp.png)"),
    );
    finds(
        "missing-alt",
        &essay("<img src=\"https://www.rfc-editor.org/lamp.png\">"),
    );
    finds(
        "file-name-alt",
        &essay("![IMG_1234](https://www.rfc-editor.org/IMG_1234.png)"),
    );
    finds(
        "file-name-alt",
        &essay("![lamp.png](https://www.rfc-editor.org/lamp.png)"),
    );
    silent(&essay(
        "<img src=\"https://www.rfc-editor.org/rule.png\" alt=\"\">",
    ));
    silent(&essay("![Lamp](https://www.rfc-editor.org/lamp.png)"));
}

#[test]
fn pictures_are_light() {
    let with_file = |bytes| {
        folder("![A lamp](lamp.png)").file("issues/2026-12-01-the-lamp/lamp.png", picture(bytes))
    };
    finds("heavy-picture", &with_file(1_100_000));
    silent(&with_file(900_000));
    let four = "![A lamp](a.png) ![A lamp](b.png) ![A lamp](c.png) ![A lamp](d.png)";
    let room = ["a", "b", "c", "d"]
        .iter()
        .fold(folder(four), |room, name| {
            room.file(
                &format!("issues/2026-12-01-the-lamp/{name}.png"),
                picture(800_000),
            )
        });
    finds("heavy-picture", &room);
}

#[test]
fn pictures_are_as_wide_as_a_mail_can_show() {
    let of_width = |width: u32| {
        let mut png = picture(0);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        folder("![A lamp](lamp.png)").file("issues/2026-12-01-the-lamp/lamp.png", png)
    };
    finds("wide-picture", &of_width(1_201));
    silent(&of_width(1_200));
}

#[test]
fn pictures_are_of_a_kind_that_is_shown() {
    finds(
        "picture-format",
        &essay("![A lamp](https://www.rfc-editor.org/lamp.svg)"),
    );
    finds(
        "picture-format",
        &essay("![A lamp](https://www.rfc-editor.org/lamp.webp?w=3)"),
    );
    silent(&essay("![A lamp](https://www.rfc-editor.org/lamp.jpg)"));
    finds(
        "dropped-picture",
        &essay("![A lamp](data:image/png;base64,AAAA)"),
    );
}

#[test]
fn a_picture_has_words_around_it() {
    let few = "![A lamp](https://www.rfc-editor.org/lamp.png)\n\nA lamp.\n";
    finds("only-pictures", &with("", few));
    silent(&with("", &format!("{}\n{few}", WORDS.repeat(4))));
}
