//! The results as a picture: one self-contained SVG file.
//!
//! The left half shows the round-trip time over the number of the request, the right half how often each time occurred,
//! on the same axis. The colours are two of Okabe and Ito's, which people with any kind of colour blindness can
//! distinguish ("Color universal design", 2008), with lighter ones on a dark background. The marks differ in shape too.

use crate::plan::Protocol;
use crate::probe_log::Exchange;
use crate::results::{Results, Series, milliseconds};
use crate::statistics::percentile;
use labcore::xml;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

/// The picture, in pixels.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 540.0;

/// Its areas: points on the left, bars on the right, of the same height. Losses are marked above the points.
const POINTS: Range<f64> = 80.0..650.0;
const BARS: Range<f64> = 680.0..930.0;
const TIMES: Range<f64> = 476.0..120.0;
const LOSSES: f64 = 104.0;

/// More requests than this are drawn in columns that summarise several each: the file stays small, the picture legible.
const POINTS_MAX: usize = 1500;
const COLUMNS: usize = 190;
const COLUMN_WIDTH: f64 = (POINTS.end - POINTS.start) / COLUMNS as f64;

/// Bars of the distribution.
const BINS: usize = 44;

const STYLE: &str = "
  svg { font: 13px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; --paper: #ffffff; --ink: #1b1b1f;
    --faint: #dcdce0; --udp: #0072b2; --tcp: #d55e00; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #17171b; --ink: #ececf0; --faint: #3c3c44; --udp: #56b4e9; --tcp: #f0883e; }
  }
  .paper { fill: var(--paper); } text { fill: var(--ink); } .title { font-size: 17px; font-weight: 600; }
  .middle { text-anchor: middle; } .end { text-anchor: end; }
  .grid { stroke: var(--faint); } .axis { stroke: var(--ink); }
  .udp { --colour: var(--udp); } .tcp { --colour: var(--tcp); }
  .mark { fill: var(--colour); fill-opacity: 0.75; } .late { fill: none; stroke: var(--colour); stroke-width: 1.5; }
  .lost { stroke: var(--colour); stroke-width: 1.5; } .range { stroke: var(--colour); stroke-opacity: 0.45; stroke-width: 2; }
  .median { stroke: var(--colour); stroke-width: 1.5; stroke-dasharray: 6 4; }
";

/// Writes the picture.
///
/// # Errors
/// If writing fails.
pub fn write(results: &Results, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(draw(results).as_bytes())
}

fn draw(results: &Results) -> String {
    let numbers = Axis::numbers(results);
    let times = Axis::times(results);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-label=\"Round trip times\">\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"
    );
    let title = format!("Round trip time to {}", results.target);
    text(&mut svg, POINTS.start, 30.0, "title", &title);
    grid(&mut svg, &numbers, &times);
    let mut unit = "number of the request".to_owned();
    for (at, series) in results.series.iter().enumerate() {
        let _ = writeln!(svg, "<g class=\"{}\">", class(series.protocol));
        legend(&mut svg, series, 54.0 + 20.0 * at as f64);
        if series.log.exchanges().len() > POINTS_MAX {
            // Shifted, so that one protocol's lines do not hide the other's.
            let shift = COLUMN_WIDTH / 2.0 * at as f64;
            let size = columns(&mut svg, results, series, shift, &numbers, &times);
            unit = format!(
                "number of the request (per column the median of {size}, and a line from shortest to longest)"
            );
        } else {
            points(&mut svg, results, series, &numbers, &times);
        }
        if let Some(summary) = &series.from_sending {
            let y = times.place(summary.median);
            line(&mut svg, "median", (POINTS.start, y), (BARS.end, y));
        }
        svg.push_str("</g>\n");
    }
    text(&mut svg, (POINTS.start + POINTS.end) / 2.0, TIMES.start + 44.0, "middle", &unit);
    bars(&mut svg, results, &times);
    svg.push_str("</svg>\n");
    svg
}

/// A scale from values to pixels.
struct Axis {
    values: Range<f64>,
    pixels: Range<f64>,
    logarithmic: bool,
}

impl Axis {
    /// The numbers of the counted requests.
    fn numbers(results: &Results) -> Axis {
        let first = f64::from(results.plan.warm_up) + 1.0;
        let sent = results.series.iter().map(|series| series.log.exchanges().len()).max().unwrap_or(0);
        let last = (sent as f64).max(first);
        let margin = ((last - first) * 0.015).max(0.5); // puts a single request in the middle
        Axis { values: first - margin..last + margin, pixels: POINTS, logarithmic: false }
    }

    /// Round-trip times. If the longest is many times the shortest, the scale is logarithmic. Otherwise the short ones
    /// would all look alike.
    fn times(results: &Results) -> Axis {
        let summaries = || results.series.iter().filter_map(|series| series.from_sending.as_ref());
        let min = summaries().map(|summary| summary.min).min_by(f64::total_cmp).unwrap_or(0.1).max(1e-4);
        let max = summaries().map(|summary| summary.max).max_by(f64::total_cmp).unwrap_or(1.0).max(min);
        let logarithmic = max / min > 6.0;
        let values = if logarithmic {
            min / 1.2..max * 1.2
        } else {
            let margin = ((max - min) * 0.06).max(max * 0.01);
            min - margin..max + margin
        };
        Axis { values, pixels: TIMES, logarithmic }
    }

    /// Returns the pixel of a value.
    fn place(&self, value: f64) -> f64 {
        let along = |value: f64| if self.logarithmic { value.max(1e-9).ln() } else { value };
        let (start, end) = (along(self.values.start), along(self.values.end));
        let share = (along(value) - start) / (end - start);
        self.pixels.start + share * (self.pixels.end - self.pixels.start)
    }

    /// Returns the round values to label: steps of 1, 2 or 5 times a power of ten.
    fn ticks(&self) -> Vec<f64> {
        let (start, end) = (self.values.start, self.values.end);
        let rounds = |exponent: i32| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(exponent));
        let round_values = (-7..10).flat_map(rounds);
        if self.logarithmic {
            let ticks: Vec<f64> = round_values.filter(|tick| (start..end).contains(tick)).collect();
            // For many powers of ten, one tick each is enough.
            let powers = |tick: &f64| (tick.log10() - tick.log10().round()).abs() < 1e-9;
            return if ticks.len() > 12 { ticks.into_iter().filter(powers).collect() } else { ticks };
        }
        let step = round_values.into_iter().find(|step| (end - start) / step <= 7.0).unwrap_or(1.0);
        let first = (start / step).ceil();
        (0..8).map(|at| (first + f64::from(at)) * step).filter(|tick| (start..end).contains(tick)).collect()
    }
}

/// Formats a tick's value without the rounding error of binary fractions.
fn label(value: f64) -> String {
    let text = format!("{value:.7}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn grid(svg: &mut String, numbers: &Axis, times: &Axis) {
    for tick in times.ticks() {
        let y = times.place(tick);
        line(svg, "grid", (POINTS.start, y), (POINTS.end, y));
        line(svg, "grid", (BARS.start, y), (BARS.end, y));
        text(svg, POINTS.start - 8.0, y + 4.5, "end", &label(tick));
    }
    for tick in numbers.ticks().into_iter().filter(|tick| *tick >= 1.0 && tick.fract() == 0.0) {
        let x = numbers.place(tick);
        line(svg, "axis", (x, TIMES.start), (x, TIMES.start + 5.0));
        text(svg, x, TIMES.start + 20.0, "middle", &label(tick));
    }
    line(svg, "axis", (POINTS.start, TIMES.start), (POINTS.end, TIMES.start));
    line(svg, "axis", (BARS.start, TIMES.start), (BARS.end, TIMES.start));
    line(svg, "axis", (POINTS.start, TIMES.start), (POINTS.start, TIMES.end));
    line(svg, "axis", (BARS.start, TIMES.start), (BARS.start, TIMES.end));
    text(svg, POINTS.start - 8.0, LOSSES + 4.5, "end", "lost");
    let unit = if times.logarithmic { "round trip time in ms, logarithmic" } else { "round trip time in ms" };
    let middle = (TIMES.start + TIMES.end) / 2.0;
    let _ = writeln!(
        svg,
        "<text class=\"middle\" transform=\"translate(22 {middle:.1}) rotate(-90)\">{unit}</text>"
    );
    text(svg, (BARS.start + BARS.end) / 2.0, TIMES.start + 44.0, "middle", "share of the replies in %");
}

fn legend(svg: &mut String, series: &Series, y: f64) {
    mark(svg, series.protocol, "mark", POINTS.start + 5.0, y - 4.5, 4.5);
    let tally = &series.tally;
    let mut words = format!("{}: ", series.protocol);
    match &series.from_sending {
        Some(summary) => {
            let _ = write!(words, "median {:.3} ms (dashed), p99 {:.3} ms", summary.median, summary.p99);
        }
        None => words.push_str("no reply"),
    }
    let _ = write!(words, ", {} of {} lost (×)", tally.lost, tally.sent);
    if tally.late > 0 {
        let _ = write!(words, ", {} late (hollow)", tally.late);
    }
    text(svg, POINTS.start + 18.0, y, "", &words);
}

/// Draws every exchange.
fn points(svg: &mut String, results: &Results, series: &Series, numbers: &Axis, times: &Axis) {
    for (number, exchange) in counted(results, series) {
        let x = numbers.place(number as f64);
        match exchange.rtt_ns() {
            Some(rtt_ns) => {
                let kind = if series.log.is_late(exchange) { "late" } else { "mark" };
                mark(svg, series.protocol, kind, x, times.place(milliseconds(rtt_ns)), 2.8);
            }
            None => cross(svg, x),
        }
    }
}

/// Draws the exchanges in columns: a line from the shortest to the longest time, and a mark at the median. Returns the
/// number of exchanges in a column.
fn columns(
    svg: &mut String,
    results: &Results,
    series: &Series,
    shift: f64,
    numbers: &Axis,
    times: &Axis,
) -> usize {
    let counted: Vec<_> = counted(results, series).collect();
    let size = counted.len().div_ceil(COLUMNS).max(1);
    for column in counted.chunks(size) {
        let x = numbers.place((column[0].0 + column[column.len() - 1].0) as f64 / 2.0) + shift;
        let rtts = column.iter().filter_map(|(_, exchange)| exchange.rtt_ns()).map(milliseconds);
        let mut sorted: Vec<f64> = rtts.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        if sorted.len() < column.len() {
            cross(svg, x);
        }
        if let Some(median) = percentile(&sorted, 50.0) {
            let (shortest, longest) = (sorted[0], sorted[sorted.len() - 1]);
            line(svg, "range", (x, times.place(shortest)), (x, times.place(longest)));
            mark(svg, series.protocol, "mark", x, times.place(median), 2.4);
        }
    }
    size
}

/// Returns the counted exchanges with their numbers.
fn counted<'a>(results: &Results, series: &'a Series) -> impl Iterator<Item = (usize, &'a Exchange)> {
    (1..).zip(series.log.exchanges()).skip(results.plan.warm_up as usize)
}

/// Draws the distribution of each protocol's times, as shares of its replies.
fn bars(svg: &mut String, results: &Results, times: &Axis) {
    let height = (TIMES.start - TIMES.end) / BINS as f64;
    let shares: Vec<[f64; BINS]> = results
        .series
        .iter()
        .map(|series| {
            let mut shares = [0.0; BINS];
            let rtts: Vec<f64> = series.times_ms(&results.plan).into_iter().flatten().collect();
            for rtt in &rtts {
                let bin = ((TIMES.start - times.place(*rtt)) / height).clamp(0.0, (BINS - 1) as f64);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
                let bin = bin as usize;
                shares[bin] += 100.0 / rtts.len() as f64;
            }
            shares
        })
        .collect();
    let largest = shares.iter().flatten().copied().fold(1.0, f64::max);
    let axis = Axis { values: 0.0..largest * 1.05, pixels: BARS, logarithmic: false };
    for tick in axis.ticks().into_iter().step_by(2) {
        let x = axis.place(tick);
        line(svg, "axis", (x, TIMES.start), (x, TIMES.start + 5.0));
        text(svg, x, TIMES.start + 20.0, "middle", &label(tick));
    }
    let thickness = height / results.series.len() as f64;
    for (at, (series, shares)) in results.series.iter().zip(&shares).enumerate() {
        for (bin, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let y = TIMES.start - height * (bin + 1) as f64 + thickness * at as f64;
            let _ = writeln!(
                svg,
                "<rect class=\"{} mark\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                class(series.protocol),
                BARS.start,
                axis.place(*share) - BARS.start,
                thickness * 0.85
            );
        }
    }
}

fn class(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Tcp => "tcp",
    }
}

/// Draws a circle for UDP, a square for TCP.
fn mark(svg: &mut String, protocol: Protocol, kind: &str, x: f64, y: f64, radius: f64) {
    let _ = match protocol {
        Protocol::Udp => {
            writeln!(svg, "<circle class=\"{kind}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>")
        }
        Protocol::Tcp => writeln!(
            svg,
            "<rect class=\"{kind}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{2:.1}\" height=\"{2:.1}\"/>",
            x - radius * 0.9,
            y - radius * 0.9,
            radius * 1.8
        ),
    };
}

fn cross(svg: &mut String, x: f64) {
    let (left, right, top, bottom) = (x - 3.5, x + 3.5, LOSSES - 3.5, LOSSES + 3.5);
    line(svg, "lost", (left, top), (right, bottom));
    line(svg, "lost", (left, bottom), (right, top));
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let words = xml::escape(words);
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
}

#[cfg(test)]
mod tests {
    use super::{Axis, label};

    #[track_caller]
    fn check(values: std::ops::Range<f64>, logarithmic: bool, expected: &[&str]) {
        let axis = Axis { values, pixels: 0.0..100.0, logarithmic };
        let labels: Vec<String> = axis.ticks().into_iter().map(label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn labels_an_axis_with_round_values() {
        check(0.0..10.0, false, &["0", "2", "4", "6", "8"]);
        check(19.98..20.41, false, &["20", "20.1", "20.2", "20.3", "20.4"]);
        check(0.04..1.3, true, &["0.05", "0.1", "0.2", "0.5", "1"]);
        check(0.01..2000.0, true, &["0.01", "0.1", "1", "10", "100", "1000"]);
    }

    #[test]
    fn places_values_on_either_scale() {
        let linear = Axis { values: 10.0..20.0, pixels: 100.0..0.0, logarithmic: false };
        assert_eq!(linear.place(15.0), 50.0);
        let logarithmic = Axis { values: 1.0..100.0, pixels: 0.0..100.0, logarithmic: true };
        assert!((logarithmic.place(10.0) - 50.0).abs() < 1e-9);
    }
}
