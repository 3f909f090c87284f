//! How things are written in each channel.

use super::{render, text};
use crate::render::pictures::Pictures;
use crate::render::{RenderContext, render_essay};
use crate::words::{OwnWords, Words};

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let essay = include_str!("../../../tests/golden/render/sample.md");
    assert_eq!(render(essay), render(essay));
}

#[test]
fn an_empty_essay_is_one_empty_line() {
    let rendered = render(" \n\n");
    assert_eq!(
        (&*rendered.text, &*rendered.email_html, &*rendered.opening),
        ("\n", "\n", "")
    );
}

#[test]
fn the_mail_is_a_fragment_with_inline_styles() {
    let html = render("Words, <tt>{{ x }}</tt>.\n\n| a |\n|---|\n| b |\n").email_html;
    assert!(
        html.starts_with("<p style=\"margin:0 0 20px\">Words, "),
        "{html}"
    );
    assert!(!html.contains("<html") && !html.contains("<body") && !html.contains("<style"));
    assert!(
        html.contains("{{ x }}") && html.contains("<td style="),
        "{html}"
    );
}

#[test]
fn smart_punctuation_leaves_code_and_urls_alone() {
    let rendered = render(
        "\"a\" -- b... `\"a\" -- b...` <code>'--'</code> https://example.org/a--b'c\n\n    \"--\"\n",
    );
    assert_eq!(
        rendered.text,
        "“a” – b… `\"a\" -- b...` '--' https://example.org/a--b'c\n\n     \"--\"\n"
    );
    assert!(rendered.web_html.contains("<code>'--'</code>"));
    assert!(
        rendered
            .web_html
            .contains(">https://example.org/a--b'c</a>")
    );
}

#[test]
fn bare_urls_become_links_but_not_in_code_or_links() {
    let html = render("(https://example.org/a). `https://b.example` [https://c.example](d) <a href=\"e\">https://f.example</a>").web_html;
    assert_eq!(html.matches("<a ").count(), 3, "{html}");
    assert!(html.contains("(<a href=\"https://example.org/a\">https://example.org/a</a>)."));
}

#[test]
fn equal_headings_get_ids_of_their_own() {
    let html = render("# A b!\n# A b\n# A-b-1\n# A b\n# Über *uns* {#us}\n# !\n").web_html;
    let ids: Vec<&str> = html
        .split("id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        ids,
        [
            "a-a-b",
            "a-a-b-1",
            "a-a-b-1-1",
            "a-a-b-2",
            "a-us",
            "a-section"
        ]
    );
}

#[test]
fn a_link_to_a_heading_leads_to_it_wherever_it_stands() {
    let rendered = render("[down](#end) [own](#mine)\n\n# End\n\n<p id=\"mine\">x</p>");
    assert!(
        rendered
            .web_html
            .contains("<a href=\"#a-end\">down</a> <a href=\"#mine\">")
    );
    assert!(rendered.email_html.contains("href=\"#a-end\""));
    assert!(
        rendered
            .feed_html
            .contains("href=\"https://letters.example.org/issues/a/#a-end\"")
    );
    assert!(
        rendered
            .feed_html
            .contains("href=\"https://letters.example.org/issues/a/#mine\"")
    );
    assert!(rendered.text.starts_with("down own\n"), "{}", rendered.text);
}

#[test]
fn footnotes_are_numbered_as_a_reader_meets_them() {
    let text = text(
        "a[^x] b[^y] c[^x] d[^none]\n\n[^y]: two[^z]\n[^unused]: never\n[^x]: one\n[^z]: three\n[^x]: again\n",
    );
    assert_eq!(
        text,
        "a (1) b (2) c (1) d[^none]\n\n____________\n\n(1) one\n\n(2) two (3)\n\n(3) three"
    );
}

#[test]
fn each_reference_has_an_id_and_a_way_back() {
    let html = render("a[^x] b[^x]\n\n[^x]: one\n").web_html;
    for part in [
        "<sup id=\"a-fnref-1\"><a href=\"#a-fn-1\">1</a></sup>",
        "<sup id=\"a-fnref-1-2\"><a href=\"#a-fn-1\">1</a></sup>",
        "<li id=\"a-fn-1\"><p>one <a href=\"#a-fnref-1\" aria-label=\"Back to 1\">↩\u{FE0E}</a> <a href=\"#a-fnref-1-2\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn one_url_has_one_number_and_a_url_in_sight_has_none() {
    assert_eq!(
        text(
            "[a](https://example.org/1) [b](https://example.org/2) [c](https://example.org/1) <https://example.org/2> <me@example.org> https://example.org [d *e*](mailto:me@example.org)."
        ),
        "a [1] b [2] c [1] https://example.org/2 me@example.org\n\
         https://example.org d _e_ [3].\n\n____________\n\n\
         [1] https://example.org/1\n[2] https://example.org/2\n[3] mailto:me@example.org"
    );
}

#[test]
fn no_line_is_longer_than_72_columns_but_for_a_url() {
    let url = format!("https://example.org/{}", "a/".repeat(50));
    let text = text(&format!(
        "{}\n\n> - {}\n\nSee {url} there.",
        "word ".repeat(60),
        "日本語 ".repeat(40)
    ));
    for line in text.lines().filter(|line| !line.contains("://")) {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 72, "{line}");
    }
    assert!(text.contains(&url));
}

#[test]
fn headings_are_underlined_as_wide_as_they_are() {
    assert_eq!(
        text("# 日本\n\n## A\n\n### Third *level*"),
        "日本\n====\n\nA\n---\n\nThird _level_\n~~~~~~~~~~~~~"
    );
}

#[test]
fn lists_hang_under_their_marks() {
    assert_eq!(
        text(
            "9. nine\n10. ten\n    - a\n\n      b\n    - c\n\ntext\n\n- [x] done\n- [ ] open\n  and on\n-\n"
        ),
        " 9. nine\n\n10. ten\n    * a\n\n      b\n\n    * c\n\ntext\n\n\
         * [x] done\n* [ ] open and on\n*"
    );
}

#[test]
fn quotes_nest_and_keep_their_empty_lines() {
    assert_eq!(
        text("> a\n>\n> > b\n>\n> - c\n>\n> d\n>\n>     code  "),
        "> a\n>\n>> b\n>\n> * c\n>\n> d\n>\n>     code"
    );
}

#[test]
fn code_is_indented_and_never_wrapped() {
    let long = "x".repeat(40) + " " + &"y".repeat(40);
    assert_eq!(
        text(&format!("```rust\n\nfn a() {{\n\n\n\t{long}\n}}\n\n```")),
        format!("    fn a() {{\n\n\n    \t{long}\n    }}")
    );
}

#[test]
fn a_table_stands_in_columns_where_it_fits() {
    assert_eq!(
        text(
            "| a | bb | c |\n|:--|--:|:-:|\n| 日本 | 1 | x |\n| *d* | [2](https://example.org/) | yyy |"
        ),
        "a        bb   c\n----  -----  ---\n日本      1   x\n_d_   2 [1]  yyy\n\n\
         ____________\n\n[1] https://example.org/"
    );
}

#[test]
fn a_wide_table_becomes_a_list() {
    let cell = "word ".repeat(20);
    let text = text(&format!(
        "| Who | What |\n|---|---|\n| a | {cell} |\n| b | |\n"
    ));
    assert!(text.starts_with("Who: a\nWhat: word word"), "{text}");
    assert!(text.contains("\n  word"), "{text}");
    assert!(text.ends_with("\n\nWho: b"), "{text}");
}

#[test]
fn scripts_read_as_one_would_type_them() {
    assert_eq!(
        text(
            "H~2~O, 10^6^, m^-1^, 1^st^, XIX^e^, 2^k^, x~i~, x^(n+1)^, x^n^, $a_1$, 2^10 and 2^20, *x*^2^, y\\^2\\^"
        ),
        "H₂O, 10⁶, m⁻¹, 1st, XIXe, 2^k, x_i, x^(n+1), xⁿ, $a_1$, 2^10 and 2^20,\n_x_², y^2^"
    );
    assert_eq!(
        text(
            "x<sup>2</sup>, H<sub>2</sub>O, a<sup>*b*</sup>, <sup>x</sup> <sup>2</sub> </sup> *é<sup>é* x</sup>\n\n<p>1<sup>er</sup>, 2<sup>10</sup>.</p>"
        ),
        "x², H₂O, a^(_b_), x 2 _éé_ x\n\n1er, 2¹⁰."
    );
    assert_eq!(
        render("A gross is 12^2^, of CO~2~ and m<sup>3</sup>.").opening,
        "A gross is 12², of CO₂ and m³."
    );
    assert!(
        render("H~2~O 1^st^")
            .web_html
            .contains("H<sub>2</sub>O 1<sup>st</sup>")
    );
}

#[test]
fn images_are_told_by_their_description() {
    assert_eq!(
        text("![A *red* box](a.png)\n\n![](line.png)\n\n[![Map](b.png)](https://example.org/map)"),
        "[Image: A red box]\n\n[Image: Map] [1]\n\n____________\n\n[1] https://example.org/map"
    );
}

#[test]
fn definitions_stand_under_their_terms() {
    assert_eq!(
        text("A\n: one\n: two\n\nB\n\n: three\n"),
        "A\n    one\n    two\n\nB\n    three"
    );
}

#[test]
fn the_authors_html_is_read_as_text() {
    assert_eq!(
        text(
            "<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>\n\n<details><summary>More</summary>\n\nwords\n\n</details>\n\n<!-- gone -->\n\nx<br>y <a href=\"z\">z</a>"
        ),
        "a  b\nc\n\nMore\n\nwords\n\nx\ny z [1]\n\n____________\n\n\
         [1] https://letters.example.org/issues/a/z"
    );
}

#[test]
fn the_opening_is_the_first_paragraph_without_its_marks() {
    let opening = |markdown: &str| render(markdown).opening;
    assert_eq!(
        opening("# T\n\n![i](i.png)\n\n> q\n\nA [b](c)[^n] *d*\n`e`.\n\nNext.\n\n[^n]: f"),
        "A b d e."
    );
    assert_eq!(opening("- a\n- b"), "a");
    assert_eq!(opening("# Only"), "Only");
    assert_eq!(opening("<p>Own &amp; <b>bold</b></p>"), "Own & bold");
}

#[test]
fn a_long_opening_is_cut_at_a_word() {
    let opening = render(&"words and, ".repeat(40)).opening;
    assert!(opening.chars().count() <= 200 && opening.chars().count() > 185);
    assert!(
        opening.ends_with("words…") || opening.ends_with("and…"),
        "{opening}"
    );
    let unbroken = render(&"日".repeat(300)).opening;
    assert_eq!(unbroken.chars().count(), 200);
    assert_eq!(render(&"a".repeat(200)).opening, "a".repeat(200));
}

#[test]
fn a_part_that_nothing_closes_is_shown_to_everybody() {
    let rendered = render("a\n\n<!-- only mail -->\n\nb\n\n> <!-- only web -->\n> c\n\nd");
    for output in [&rendered.text, &rendered.feed_html, &rendered.email_html] {
        for word in ["a", "b", "c", "d"] {
            assert!(output.contains(word), "{output}");
        }
    }
}

#[test]
fn an_excerpt_ends_at_its_mark_in_whatever_part_that_stands() {
    let way = "\nRead on:\nhttps://letters.example.org/issues/a/\n";
    let excerpt = |markdown: &str| {
        let text = render(markdown).excerpt?.text.text;
        Some(
            text.strip_suffix(way)
                .expect("the way to the rest")
                .to_owned(),
        )
    };
    assert_eq!(excerpt("a\n\nb"), None);
    assert_eq!(excerpt("a\n\n<!-- more -->\n\nb").as_deref(), Some("a\n"));
    assert_eq!(excerpt("a\n<!-- more -->\nb").as_deref(), Some("a\n"));
    let mail = "a\n\n<!-- only mail -->\nb\n\n<!-- more -->\n\nc\n\n<!-- end only -->\n\nd";
    assert_eq!(excerpt(mail).as_deref(), Some("a\n\nb\n"));
    assert_eq!(excerpt(&mail.replace("only mail", "only web")), None);
}

#[test]
fn what_stands_before_the_mark_is_the_opening() {
    let opening = |markdown: &str| render(markdown).opening;
    assert_eq!(
        opening("One.\n\nTwo.\n\n<!-- more -->\n\nThree."),
        "One. Two."
    );
    let long = opening(&format!("{}\n\n<!-- more -->\n\nb", "word ".repeat(200)));
    assert!(
        long.len() > 580 && long.len() < 610 && long.ends_with('…'),
        "{long}"
    );
    assert_eq!(opening("<!-- more -->\n\nb"), "b");
}

#[test]
fn straight_quotes_become_those_of_the_language() {
    let said = |language: &str, markdown: &str| {
        let words = Words::of(language, &OwnWords::default());
        let context = RenderContext {
            issue_url: "https://letters.example.org/issues/a/",
            id_prefix: "a-",
            essay_css: "",
            words: &words,
            pictures: &Pictures::default(),
        };
        render_essay(markdown, &context).text.trim_end().to_owned()
    };
    for (language, marks, inner) in [
        ("en", ["“", "”"], ["‘", "’"]),
        ("de-AT", ["„", "“"], ["‚", "‘"]),
        // A space at which the line is not broken.
        ("fr", ["« ", " »"], ["“", "”"]),
        ("es", ["«", "»"], ["“", "”"]),
        ("he", ["”", "”"], ["’", "’"]),
        ("ja", ["「", "」"], ["『", "』"]),
    ] {
        let ([open, close], [inner_open, inner_close]) = (marks, inner);
        assert_eq!(
            said(language, "Say \"one *two*\", don't \\\"x\\\", `\"y\"` “z”."),
            format!("Say {open}one _two_{close}, don’t \"x\", `\"y\"` “z”.")
        );
        assert_eq!(
            said(language, "\"A 'lamp', 'it's *so*'\" of the '90s, isn't it"),
            format!(
                "{open}A {inner_open}lamp{inner_close}, {inner_open}it’s _so_{inner_close}{close} of the ’90s, isn’t it"
            )
        );
        assert_eq!(
            said(
                language,
                "![A](https://example.org/a.png \"A 'lamp' of \\\"ours\\\"\")"
            ),
            format!(
                "{}\nA {inner_open}lamp{inner_close} of {open}ours{close}",
                said(language, "![A](https://example.org/a.png)")
            )
        );
    }
}

#[test]
fn a_line_of_chinese_or_japanese_is_joined_with_the_next_without_a_space() {
    let essay = "改行の\nある文。\n*強調*\nです and\nmore\n日本\n\n> 引\n> 用\n> \"語\"";
    let rendered = render(essay);
    assert_eq!(
        rendered.text,
        "改行のある文。_強調_です and more 日本\n\n> 引用 “語”\n"
    );
    assert!(
        rendered
            .web_html
            .contains("改行のある文。<em>強調</em>です and\nmore\n日本"),
        "{}",
        rendered.web_html
    );
}

#[test]
fn a_frame_whose_content_is_for_other_readers_is_left_out_with_it() {
    let only_web = |part: &str| format!("a\n\n{part}\n\nb");
    for framed in [
        "> <!-- only web -->\n>\n> c\n>\n> <!-- end only -->",
        "> [!NOTE]\n> <!-- only web -->\n>\n> c\n>\n> <!-- end only -->",
        "- <!-- only web -->\n\n  c\n\n  <!-- end only -->",
        "- > <!-- only web -->\n  >\n  > c\n  >\n  > <!-- end only -->",
    ] {
        let rendered = render(&only_web(framed));
        assert_eq!(rendered.text, "a\n\nb\n", "{framed}");
        assert_eq!(
            rendered.email_html.matches('<').count(),
            4,
            "{}",
            rendered.email_html
        );
        assert!(rendered.web_html.contains('c'), "{framed}");
    }
    let beside = "- <!-- only web -->\n\n  c\n\n  <!-- end only -->\n-\n- d";
    let html = render(&only_web(beside)).email_html;
    assert_eq!(html.matches("<li").count(), 2, "{html}");
}

#[test]
fn html_that_strikes_out_or_quotes_does_so_in_plain_text() {
    assert_eq!(
        render("so <del>old</del> <s>x</s> and <q>said</q>\n\n<p>not <del>this</del></p>").text,
        "so ~old~ ~x~ and “said”\n\nnot ~this~\n"
    );
}

#[test]
fn items_beside_tasks_keep_their_bullets_in_the_mail() {
    let css = super::CSS;
    assert!(css.contains("ul.tasks, li.task { list-style-type: none }"));
    let mixed = render("- [x] done\n- a word\n").email_html;
    assert_eq!(mixed.matches("list-style-type").count(), 1, "{mixed}");
    assert!(
        mixed.contains("<li class=\"task\" style=")
            && mixed.contains("list-style-type:none\">\u{2611} done"),
        "{mixed}"
    );
    let tasks = render("- [x] done\n- [ ] open\n").email_html;
    assert!(
        tasks.contains("<ul class=\"tasks\"") && !tasks.contains("class=\"task\""),
        "{tasks}"
    );
}

#[test]
fn what_only_a_browser_shows_has_a_stand_in_elsewhere() {
    let film = "https://www.youtube.com/watch?v=abc";
    for (html, text, address) in [
        (
            "<iframe src=\"https://www.youtube.com/embed/abc?rel=0\" title=\"A &amp; B\"></iframe>",
            "▶\u{fe0e} Watch the video: A & B [1]",
            film,
        ),
        (
            "<video controls>\n<source src=\"fold.mp4\">\nNo film.</video>",
            "▶\u{fe0e} Watch the video: https://letters.example.org/issues/a/fold.mp4",
            "https://letters.example.org/issues/a/fold.mp4",
        ),
        (
            "So <audio src=\"https://example.org/a.mp3\" title=\"A song\"></audio>.",
            "So A song [1].",
            "https://example.org/a.mp3",
        ),
        (
            "<object data=\"javascript:x\"><p>Instead</p></object>",
            "Instead",
            "",
        ),
        (
            "<svg><title>A lamp</title><path d=\"M0\"/></svg>",
            "[Image: A lamp]",
            "",
        ),
        (
            "So <math><mi>x</mi><mo>&lt;</mo><mn>2</mn></math>.",
            "So x<2.",
            "",
        ),
        (
            "So <math><semantics><mi>x</mi><annotation>x^2</annotation></semantics></math>.",
            "So x^2.",
            "",
        ),
        (
            "<noscript>Without <b>it</b></noscript>\n\n<canvas>Drawn</canvas>",
            "Without *it*\n\nDrawn",
            "",
        ),
        ("<iframe src=\"about:blank\"></iframe> End", "End", ""),
    ] {
        let rendered = render(html);
        let shown = rendered.text.split("\n\n____").next().unwrap().trim_end();
        assert_eq!(shown, text, "{html}");
        for channel in [&rendered.email_html, &rendered.feed_html] {
            let (words, links) = crate::render::shown_text(channel);
            assert_eq!(links.concat(), address, "{channel}");
            for said in text.replace(" [1]", "").split(['*', '\n', '[', ']']) {
                assert!(words.contains(said), "{channel}");
            }
        }
        if html.starts_with('<') {
            assert!(rendered.web_html.contains(html.lines().next().unwrap()));
        }
    }
}

#[test]
fn what_nothing_closes_is_shown_and_swallows_nothing() {
    for open in [
        "<!-- only mail",
        "<script>\nlet a;",
        "<style>",
        "<?php echo",
        "<![CDATA[ x",
    ] {
        let rendered = render(&format!("a\n\n{open}\n\nthe *rest*"));
        assert!(
            rendered.text.contains(open.lines().next().unwrap()),
            "{open}"
        );
        for channel in [
            &rendered.email_html,
            &rendered.feed_html,
            &rendered.web_html,
        ] {
            assert!(
                channel.contains(&open[1..5]) && channel.contains("rest"),
                "{channel}"
            );
            assert!(
                channel.contains("&lt;") && !channel.contains(open),
                "{channel}"
            );
        }
    }
    assert!(
        !render("<script>let a;</script>\n\n<!-- b -->\n\nc")
            .text
            .contains('a')
    );
}
