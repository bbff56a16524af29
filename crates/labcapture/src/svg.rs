//! The elements of a picture, as SVG.
//!
//! Each colour stands in an attribute, for viewers that ignore style sheets. The style sheet replaces it on a dark
//! background. The colours of arrows are those of Okabe and Ito, which people with any kind of colour blindness can tell
//! apart; on a dark background, they are lighter.

use labcore::xml;
use std::fmt::Write as _;

/// The size of all letters, in pixels like all lengths here.
pub const FONT_SIZE: i32 = 13;

/// A colour, by its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// The background.
    Paper,
    /// Letters.
    Ink,
    /// Letters and lines that matter less.
    Faint,
    /// Packets that open, acknowledge or close.
    Control,
    /// Packets with payload.
    Payload,
    /// What goes wrong.
    Alarm,
    /// The background of a call.
    Call,
    /// A call that waits.
    Wait,
}

impl Colour {
    const ALL: [Colour; 8] = [
        Colour::Paper,
        Colour::Ink,
        Colour::Faint,
        Colour::Control,
        Colour::Payload,
        Colour::Alarm,
        Colour::Call,
        Colour::Wait,
    ];

    /// Its name in classes, and its value on a light and on a dark background.
    fn values(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Colour::Paper => ("paper", "#ffffff", "#17171b"),
            Colour::Ink => ("ink", "#1b1b1f", "#ececf0"),
            Colour::Faint => ("faint", "#5c5c66", "#a8a8b2"),
            Colour::Control => ("control", "#0072b2", "#56b4e9"),
            Colour::Payload => ("payload", "#007a5a", "#2fc79b"),
            Colour::Alarm => ("alarm", "#c04a00", "#f0883e"),
            Colour::Call => ("call", "#eceff4", "#2a2d35"),
            Colour::Wait => ("wait", "#e69f00", "#b98212"),
        }
    }

    fn fill(self) -> String {
        let (name, light, _) = self.values();
        format!("class=\"{name}\" fill=\"{light}\"")
    }

    fn stroke(self) -> String {
        let (name, light, _) = self.values();
        format!("class=\"{name}-line\" stroke=\"{light}\"")
    }
}

/// Where a text stands relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// Words.
    Plain,
    /// Headings.
    Bold,
    /// Code and payloads.
    Code,
}

impl Font {
    /// Returns the width of a text. Fonts differ, so this is the width in a wide one.
    pub fn width(self, words: &str) -> i32 {
        let count = i32::try_from(words.chars().count()).unwrap_or(i32::MAX / 100);
        let hundredths = match self {
            Font::Plain => 54,
            Font::Bold | Font::Code => 62,
        };
        count.saturating_mul(FONT_SIZE * hundredths) / 100
    }
}

/// Elements of a picture, from back to front.
#[derive(Default)]
pub struct Elements(String);

impl Elements {
    /// Adds a text, whose baseline is at `y`.
    pub fn text(&mut self, (x, y): (i32, i32), anchor: Anchor, font: Font, colour: Colour, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let font = match font {
            Font::Plain => "",
            Font::Bold => " font-weight=\"600\"",
            Font::Code => " font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\"",
        };
        let (fill, words) = (colour.fill(), xml::escape(words));
        let _ = writeln!(self.0, "<text x=\"{x}\" y=\"{y}\"{anchor}{font} {fill}>{words}</text>");
    }

    /// Adds a vertical or sloping line.
    pub fn line(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), colour: Colour, is_dashed: bool) {
        let (stroke, dashes) = (colour.stroke(), if is_dashed { " stroke-dasharray=\"2 5\"" } else { "" });
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {stroke} stroke-width=\"1.5\"{dashes}/>"
        );
    }

    /// Adds a filled rectangle with round corners.
    pub fn rectangle(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        radius: i32,
        colour: Colour,
    ) {
        let fill = colour.fill();
        let _ = writeln!(
            self.0,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" {fill}/>"
        );
    }

    /// Adds an arrow to the left or to the right. Those that something is wrong with are dashed.
    pub fn arrow(&mut self, (x1, y1): (i32, i32), (x2, y2): (i32, i32), colour: Colour) {
        let base = if x2 > x1 { x2 - 10 } else { x2 + 10 };
        let (stroke, fill) = (colour.stroke(), colour.fill());
        let dashes = if colour == Colour::Alarm { " stroke-dasharray=\"7 4\"" } else { "" };
        let (top, bottom) = (y2 - 5, y2 + 5);
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{base}\" y2=\"{y2}\" {stroke} stroke-width=\"1.8\"{dashes}/>\
             <path d=\"M{x2} {y2}L{base} {top}V{bottom}Z\" {fill}/>"
        );
    }

    /// Adds elements in front of these.
    pub fn append(&mut self, other: &Elements) {
        self.0.push_str(&other.0);
    }

    /// Completes a picture. `description` is for people who do not see it.
    pub fn picture(&self, (width, height): (i32, i32), title: &str, description: &str) -> String {
        let mut dark = String::new();
        for colour in Colour::ALL {
            let (name, _, value) = colour.values();
            let _ = write!(dark, " .{name} {{ fill: {value} }} .{name}-line {{ stroke: {value} }}");
        }
        let (title, description) = (xml::escape(title), xml::escape(description));
        let mut paper = Elements::default();
        paper.rectangle((0, 0), (width, height), 6, Colour::Paper);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-labelledby=\"title description\" font-size=\"{FONT_SIZE}\" \
             font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\">\n\
             <title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n\
             <style>@media (prefers-color-scheme: dark) {{{dark} }}</style>\n{}{}</svg>\n",
            paper.0, self.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Colour, Elements, Font};

    #[test]
    fn is_readable_without_style_sheets() {
        let mut elements = Elements::default();
        elements.text((1, 2), Anchor::Middle, Font::Code, Colour::Ink, "a < b");
        elements.arrow((1, 2), (30, 4), Colour::Control);
        let picture = elements.picture((50, 20), "title & more", "words");
        assert!(picture.contains("class=\"ink\" fill=\"#1b1b1f\">a &lt; b</text>"), "{picture}");
        assert!(picture.contains("class=\"control-line\" stroke=\"#0072b2\""), "{picture}");
        assert!(picture.contains(".ink { fill: #ececf0 }"), "{picture}");
        assert!(picture.contains("<title id=\"title\">title &amp; more</title>"), "{picture}");
    }
}
