//! The *histogram* of a class: how many submissions have which score, as an SVG picture within a page.

use super::html::submissions;
use crate::outcome::Outcome;
use labrubric::Kind;
use maud::{Markup, html};

/// One bar for each ten percent, and one for the full score.
const BARS: usize = 11;

// Lengths in units of the picture's `viewBox`.
const SLOT_WIDTH: usize = 56;
const BAR_WIDTH: usize = 46;
const BAR_HEIGHT_MAX: usize = 150;
const BAR_HEIGHT_MIN: usize = 2;
const WIDTH: usize = BARS * SLOT_WIDTH;
const HEIGHT: usize = 224;
const AXIS_Y: usize = 180;

// The page's style sheet replaces these colours by those of its light or dark theme.
const BAR_COLOUR: &str = "#2a78d6";
const AXIS_COLOUR: &str = "#dddcd8";
const TEXT_COLOUR: &str = "#5c5b57";

/// Draws the scores of all complete outcomes. An outcome without a score counts in no bar.
pub fn picture(outcomes: &[Outcome]) -> Markup {
    let counts = counts(outcomes);
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
            aria-label="Number of submissions by score" {
            @for (bar, count) in counts.into_iter().enumerate() {
                (drawn(bar, count, highest))
            }
            line x1="0" x2=(WIDTH) y1=(AXIS_Y) y2=(AXIS_Y) stroke=(AXIS_COLOUR) {}
            text class="label" x=(WIDTH / 2) y=(AXIS_Y + 40) fill=(TEXT_COLOUR) {
                "score in percent of the core points"
            }
        }
    }
}

fn counts(outcomes: &[Outcome]) -> [usize; BARS] {
    let mut counts = [0; BARS];
    for outcome in outcomes.iter().filter(|outcome| outcome.is_complete()) {
        let possible = outcome.points_possible(Kind::Core).max(1);
        if let Some(score) = outcome.score() {
            let bar = usize::try_from(score * 10 / possible).unwrap_or(0);
            counts[bar.min(BARS - 1)] += 1;
        }
    }
    counts
}

fn drawn(bar: usize, count: usize, highest: usize) -> Markup {
    let (left, middle) = (bar * SLOT_WIDTH + (SLOT_WIDTH - BAR_WIDTH) / 2, bar * SLOT_WIDTH + SLOT_WIDTH / 2);
    // One submission among hundreds is still visible.
    let height = if count == 0 { 0 } else { (count * BAR_HEIGHT_MAX / highest).max(BAR_HEIGHT_MIN) };
    let range = if bar == BARS - 1 { "100".to_owned() } else { format!("{}–{}", 10 * bar, 10 * bar + 9) };
    html! {
        g {
            title { (range) ": " (submissions(count)) }
            rect class="bar" x=(left) y=(AXIS_Y - height) width=(BAR_WIDTH) height=(height) rx="2"
                fill=(BAR_COLOUR) {}
            text class="label" x=(middle) y=(AXIS_Y + 20) fill=(TEXT_COLOUR) { (range) }
            @if count > 0 {
                text x=(middle) y=(AXIS_Y - height - 7) fill=(TEXT_COLOUR) { (count) }
            }
        }
    }
}
