//! The keys: one field of [`Words`] for each. A comment tells translators where the word stands.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Makes the struct and what reaches its fields by their names, so that a key exists once.
macro_rules! words {
    ($($(#[$comment:meta])* $key:ident,)*) => {
        /// Everything that is said around an essay in one language. Templates know it as `words`.
        /// A word in braces, such as `{title}`, is filled in where the text is used.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        // A frozen issue lacks the words that were added after its time; its templates, too.
        #[serde(default)]
        pub struct Words {
            $($(#[$comment])* pub $key: Cow<'static, str>,)*
        }

        impl Words {
            /// The keys in their order.
            pub const KEYS: &[&str] = &[$(stringify!($key)),*];

            /// The text of a key.
            pub fn get(&self, key: &str) -> Option<&str> {
                match key {
                    $(stringify!($key) => Some(&self.$key),)*
                    _ => None,
                }
            }

            /// Says something else; `false` if there is no such key.
            pub(super) fn set(&mut self, key: &str, text: &str) -> bool {
                let place = match key {
                    $(stringify!($key) => &mut self.$key,)*
                    _ => return false,
                };
                *place = Cow::Owned(text.to_owned());
                true
            }
        }
    };
}

words! {
    // -- dates --
    /// A date in full, as a pattern of strftime.
    date_format,
    /// The same on the first of a month.
    date_format_first,
    /// A date without its year.
    date_format_short,
    /// The months, January first, separated by commas.
    months,
    /// The months where there is little room.
    months_short,
    /// The days of the week, Monday first, separated by commas.
    weekdays,
    /// The days of the week where there is little room.
    weekdays_short,

    // -- marks between other texts --
    /// Between the parts of a list.
    comma,
    /// Behind a label.
    colon,
    /// What becomes of straight quotes: the opening mark, a comma, the closing one.
    quotes,
    /// The same for single ones.
    inner_quotes,
    /// Who wrote it: `{title}`, `{author}`.
    title_by_author,

    // -- the mail --
    /// The link to the essay on the web.
    read_online,
    /// The link to the rest of an essay of which the mail has only the beginning.
    read_on,
    /// How to answer, for a mail that can be answered.
    reply_invitation,
    /// To whom it came: `{title}`, `{email}`.
    sent_to,
    /// The link by which a reader leaves.
    unsubscribe,

    // -- in the essay --
    /// Titles of the five kinds of alert.
    alert_note,
    /// A better way.
    alert_tip,
    /// What must be known.
    alert_important,
    /// What can go wrong.
    alert_warning,
    /// What harm can be done.
    alert_caution,
    /// Heading of the footnotes.
    footnotes,
    /// From a footnote back to its place in the text, for who hears the page: `{number}`.
    back_to_note,
    /// The mark of that way: an arrow to where a line begins. U+FE0E keeps phones from drawing an emoji.
    back_arrow,
    /// Stands for a picture in plain text, before its description.
    image,
    /// The link to a film.
    watch,
    /// Name of a block of code, before its language, for who hears the page.
    code,
    /// Name of a table, for who hears the page.
    table,

    // -- the page of an issue --
    /// For who moves by keyboard: past the head of the page.
    skip_to_content,
    /// Before the date of a correction.
    corrected,
    /// Before the tags of an essay.
    tagged,
    /// Name of the links to the issues before and after, for who hears the page.
    neighbours,
    /// The issue before.
    previous,
    /// The issue after.
    next,

    // -- the other pages --
    /// Invitation to become a subscriber.
    subscribe,
    /// What becomes of an address that is given.
    subscribe_explain,
    /// Label of the field for an address of mail.
    email_address,
    /// The button behind it.
    subscribe_button,
    /// The link to write a letter that asks for the newsletter.
    subscribe_by_mail,
    /// Subject of that letter: `{title}`.
    subscribe_subject,
    /// Before the names of the feeds.
    subscribe_by_feed,
    /// What a feed is, for who opens one in a browser.
    feed_explained,

    // -- the pages and mails of readers who come and go --
    /// Label of the field for a name, which may stay empty.
    your_name,
    /// Above the tags among which a reader chooses.
    choose,
    /// Beside a field that no person sees: whoever hears the page leaves it empty.
    leave_empty,
    /// For who gave no address, or more than one.
    bad_address,
    /// Title of the page after a request.
    look_title,
    /// Its text, the same whether the address is known or not: `{title}`.
    look_text,
    /// Title of the page that asks for one more click.
    proof_title,
    /// Its text.
    proof_text,
    /// Its button.
    go_on,
    /// Title of the page while everybody waits.
    later_title,
    /// Its text.
    later_text,
    /// Title of the page of confirmation: `{title}`.
    confirm_title,
    /// What the reader agrees to; it is kept: `{title}`.
    confirm_text,
    /// The button behind it.
    confirm_button,
    /// Title of the page after it: `{title}`.
    welcome_title,
    /// Its text: `{title}`.
    welcome_text,
    /// Title of the page for leaving: `{title}`.
    leave_title,
    /// Its text.
    leave_text,
    /// Title of the page after it.
    left_title,
    /// Its text: `{title}`.
    left_text,
    /// On the page of a link from a test message.
    test_link,
    /// Title of the page of preferences, and the link to it.
    preferences,
    /// Label of the field for the day until which mail rests.
    no_mail_before,
    /// How that is ended.
    no_mail_before_explain,
    /// The button behind it.
    save,
    /// What the page says when it was saved.
    saved,
    /// Title of the page for a link that is worth nothing.
    dead_link_title,
    /// Its text.
    dead_link_text,
    /// The button that asks for new links.
    send_links,
    /// Subject of the mail that asks for confirmation: `{title}`.
    mail_confirm_subject,
    /// Its text: `{title}`, `{client}`, `{date}`.
    mail_confirm_text,
    /// What happens to who does nothing; behind the link.
    mail_confirm_end,
    /// Subject of the mail for who is a reader already: `{title}`.
    mail_known_subject,
    /// Its text: `{title}`, `{client}`, `{date}`.
    mail_known_text,
    /// Subject of the mail with a reader's links: `{title}`.
    mail_links_subject,
    /// Its text: `{title}`, `{client}`, `{date}`.
    mail_links_text,
    /// Subject of the mail of welcome: `{title}`.
    mail_welcome_subject,
    /// Its text.
    mail_welcome_text,
    /// Before the link to the latest issue.
    latest_issue,

    // -- the lists --
    /// The link to all issues.
    all_issues,
    /// Name of the list of all issues, for who hears the page.
    newest_first,
    /// In place of the list while there are none.
    nothing_yet,
    /// The page with newer issues.
    newer,
    /// The page with older issues.
    older,
    /// Heading of the list of tags.
    tags,
    /// Title of a tag's page: `{tag}`.
    tag_title,
    /// The page that tells about the publication.
    about,
    /// The link to the front page.
    front_page,
    /// Title of the page for what is not there.
    not_found_title,
    /// Its text.
    not_found_text,
    /// Before the new address of an issue.
    moved,
}
