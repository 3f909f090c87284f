//! What must not get out: scripts, addresses that run code, templates, control characters.

use super::render;
use crate::render::pictures::Pictures;

#[test]
fn links_that_run_code_lose_their_address_and_keep_their_words() {
    for address in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "<java&Tab;script:alert(1)>",
        "<java&NewLine;script:alert(1)>",
        "<&#1;javascript:alert(1)>",
        "<&#x20;&#x6a;avascript:alert(1)>",
        "javascript&colon;alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://example.org/x",
    ] {
        let rendered = render(&format!("[words]({address}) ![picture]({address})"));
        for html in [
            &rendered.web_html,
            &rendered.email_html,
            &rendered.feed_html,
        ] {
            assert!(!html.contains("href") && !html.contains("src"), "{html}");
            assert!(html.contains("words picture"), "{html}");
        }
        assert_eq!(rendered.text, "words [Image: picture]\n");
    }
}

#[test]
fn a_link_without_a_scheme_is_made_explicit() {
    let rendered = render("[a](//example.com/x) [b](other/) [c](/d) [e](?f)");
    for address in [
        "https://example.com/x",
        "https://letters.example.org/issues/a/other/",
        "https://letters.example.org/d",
        "https://letters.example.org/issues/a/?f",
    ] {
        let attribute = format!("href=\"{address}\"");
        assert!(rendered.web_html.contains(&attribute), "{address}");
        assert!(rendered.email_html.contains(&attribute), "{address}");
        assert!(rendered.feed_html.contains(&attribute), "{address}");
        assert!(rendered.text.contains(address), "{address}");
    }
}

#[test]
fn the_authors_html_stays_on_the_page_and_is_reduced_elsewhere() {
    let html = "<div onclick=\"x()\" class=\"own\" style=\"color:red;position:fixed;background:url(x)\">\n\
                <script>alert(1)</script><iframe src=\"https://example.com\"></iframe>\n\
                <form action=\"x\"><p>kept <a href=\"javascript:x\">words</a> <a href=\"b/\">here</a></p></form>\n\
                <img src=\"c.png\" onerror=\"x()\" alt=\"d\"></div>\n";
    let rendered = render(html);
    assert_eq!(rendered.web_html, html);
    for html in [&rendered.email_html, &rendered.feed_html] {
        for word in [
            "script", "onclick", "onerror", "iframe", "<form", "position", "url(",
        ] {
            assert!(!html.contains(word), "{word} in {html}");
        }
        assert!(
            html.contains("https://letters.example.org/issues/a/b/"),
            "{html}"
        );
        assert!(
            html.contains("src=\"https://letters.example.org/issues/a/c.png\""),
            "{html}"
        );
    }
    assert!(rendered.email_html.contains("color:red"));
    assert!(!rendered.feed_html.contains("style") && !rendered.feed_html.contains("class"));
    assert_eq!(
        rendered.text,
        "https://example.com/\n\nkept words here [1]\n\n[Image: d]\n\n____________\n\n\
         [1] https://letters.example.org/issues/a/b/\n"
    );
}

#[test]
fn a_script_within_a_line_goes_with_its_code() {
    let rendered = render("before <script>alert('a')</script> after");
    assert_eq!(
        rendered.web_html,
        "<p>before <script>alert('a')</script> after</p>\n"
    );
    assert_eq!(rendered.feed_html, "<p>before  after</p>\n");
    assert_eq!(rendered.text, "before after\n");
}

#[test]
fn a_script_tag_that_nothing_closes_is_text() {
    let rendered = render("The <script> tag and the *<style> tag*.\n\nNext.");
    assert_eq!(
        rendered.web_html,
        "<p>The &lt;script&gt; tag and the <em>&lt;style&gt; tag</em>.</p>\n<p>Next.</p>\n"
    );
    assert_eq!(
        rendered.text,
        "The <script> tag and the _<style> tag_.\n\nNext.\n"
    );
}

#[test]
fn template_tags_are_text() {
    let rendered = render("{{ subscriber.email }} {% raw %} `{{ x }}`");
    assert_eq!(
        rendered.web_html,
        "<p>{{ subscriber.email }} {% raw %} <code>{{ x }}</code></p>\n"
    );
    assert_eq!(
        rendered.text,
        "{{ subscriber.email }} {% raw %} `{{ x }}`\n"
    );
}

#[test]
fn control_characters_reach_no_channel() {
    let rendered = render(
        "a\u{0}b\u{1b}[2Jc&#8;d\r\n\r\ne\rf\u{FFFE} ![&#27;](x.png \"&#1;\") <b title=\"&#8;\">g</b>",
    );
    for output in [
        &rendered.web_html,
        &rendered.email_html,
        &rendered.feed_html,
        &rendered.text,
        &rendered.opening,
    ] {
        assert!(
            !output.contains(|c: char| c.is_control() && c != '\n'),
            "{output:?}"
        );
        assert!(!output.contains('\u{FFFE}'));
    }
    assert!(
        rendered.text.starts_with("ab[2Jcd\n\ne f"),
        "{}",
        rendered.text
    );
}

#[test]
fn attributes_cannot_be_left_by_quotes() {
    let rendered = render("![a\" onerror=\"x](b.png \"c\\\" onload=\\\"y\") [d](e \"f' \\\"g\")");
    for html in [
        &rendered.web_html,
        &rendered.email_html,
        &rendered.feed_html,
    ] {
        assert!(
            !html.contains("\" onerror=") && !html.contains("\" onload="),
            "{html}"
        );
    }
}

#[test]
fn a_page_address_that_is_none_removes_relative_links() {
    let context = super::RenderContext {
        issue_url: "not an address",
        id_prefix: "",
        essay_css: "",
        words: &crate::words::Words::default(),
        pictures: &Pictures::default(),
    };
    let rendered = crate::render::render_essay("[a](b) [c](https://example.org/)", &context);
    assert_eq!(
        rendered.feed_html,
        "<p>a <a href=\"https://example.org/\">c</a></p>\n"
    );
}

#[test]
fn a_stylesheet_that_cannot_be_read_leaves_the_essay() {
    let context = super::RenderContext {
        issue_url: super::PAGE,
        id_prefix: "",
        essay_css: "p { color: red } } @import 'x'; ::: { } p[ { }",
        words: &crate::words::Words::default(),
        pictures: &Pictures::default(),
    };
    let rendered = crate::render::render_essay("Words.", &context);
    assert!(rendered.email_html.contains("Words."));
}
