//! *Answers* to the questions of the handout, taken from a submission's answer sheet.
//!
//! The sheet is `answers.toml`, which students find in their workspace and fill in. The student's capture lies beside it,
//! or at the top of the submission, as `capture.pcapng` or `capture.pcap`. Facts are graded against the capture: each
//! right one is a point. Explanations are taken as they are, for a person to grade. Neither counts for the score.

use crate::outcome::{Answers, Explained};
use crate::sheet::facts;
use anyhow::{Context, ensure};
use labcapture::sheet::Sheet;
use labrubric::Question;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The name of the sheet in the folder of a submission.
pub const SHEET: &str = "answers.toml";

/// The names that the capture may have.
pub const CAPTURES: [&str; 2] = ["capture.pcapng", "capture.pcap"];

/// The largest capture that is read. The steps of the handouts produce a few kilobytes.
const CAPTURE_BYTES_MAX: u64 = 64 << 20;

/// The longest explanation in characters, about three pages. The rest is left out, and the text says so.
const EXPLANATION_CHARS_MAX: usize = 8000;

/// Notes about explanations that no question asks for.
const NOT_ASKED_MAX: usize = 20;

/// How deep the folder of a submission may be nested, as archives unpack.
const NESTED_MAX: usize = 2;

/// Entries of a folder that are looked at to find the one in it.
const ENTRIES_MAX: usize = 2000;

/// Takes the answers to `questions` from the submission in `folder`. `None` if there is no sheet, or if nothing is filled
/// in: the sheet of the students' workspace may be handed in untouched.
pub fn grade(folder: &Path, lab: &str, questions: &[Question]) -> Option<Answers> {
    let sheets =
        places(folder, lab).into_iter().map(|place| place.join(SHEET)).filter(|sheet| is_file(sheet));
    for path in sheets {
        match read(&path, lab) {
            Ok(sheet) if is_untouched(&sheet, lab) => {}
            Ok(sheet) => return Some(graded(folder, &path, &sheet, questions)),
            Err(error) => {
                let unreadable = Some(format!("{error:#}"));
                return Some(Answers { unreadable, ..not_graded(&error) });
            }
        }
    }
    None
}

/// The folders in which a sheet may lie, the likeliest first.
fn places(folder: &Path, lab: &str) -> Vec<PathBuf> {
    let (mut places, mut place) = (Vec::new(), folder.to_owned());
    for _ in 0..=NESTED_MAX {
        let inner = [place.join("labs"), place.clone()].into_iter().filter(|inner| is_folder(inner));
        places.push(place.clone());
        places.extend(inner.map(|inner| inner.join(lab)).filter(|inner| is_folder(inner)));
        let Some(deeper) = only_folder(&place) else { break };
        place = deeper;
    }
    places
}

/// The only folder in a folder.
fn only_folder(place: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(place).ok()?.take(ENTRIES_MAX);
    let mut folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_folder(path));
    let folder = folders.next()?;
    folders.next().is_none().then_some(folder)
}

fn not_graded(error: &anyhow::Error) -> Answers {
    Answers { report: format!("not graded: {error:#}"), ..Answers::default() }
}

fn read(path: &Path, lab: &str) -> anyhow::Result<Sheet> {
    let opened = File::open(path).with_context(|| format!("failed to open `{SHEET}`"))?;
    let sheet = labcapture::sheet::read(opened).with_context(|| format!("`{SHEET}`"))?;
    ensure!(
        sheet.lab().to_string() == lab,
        "`{SHEET}` is a sheet for lab `{}`, not for `{lab}`",
        sheet.lab()
    );
    Ok(sheet)
}

fn is_untouched(sheet: &Sheet, lab: &str) -> bool {
    facts(lab).iter().all(|fact| sheet.answer(fact.name).is_none())
        && sheet.explained().next().is_none()
        && sheet.notes().is_empty()
}

fn text_of<'a>(sheet: &'a Sheet, question: &Question) -> &'a str {
    sheet.explanation(question.number).unwrap_or_default().trim()
}

fn graded(folder: &Path, path: &Path, sheet: &Sheet, questions: &[Question]) -> Answers {
    let capture = [path.parent().unwrap_or(folder), folder].into_iter().find_map(capture);
    // An explanation counts without a capture, too.
    let mut facts = graded_facts(sheet, capture.as_deref()).unwrap_or_else(|error| {
        let mut facts = not_graded(&error);
        facts.report.extend(sheet.notes().iter().map(|note| format!("\nnote: {note}")));
        facts
    });
    for number in not_asked(sheet, questions) {
        let line_break = if facts.report.ends_with('\n') { "" } else { "\n" };
        let note =
            format!("{line_break}note: question {number} asks for no explanation; its text is not graded\n");
        facts.report.push_str(&note);
    }
    let explained = questions.iter().filter(|question| question.explain > 0).map(|question| {
        let text = text_of(sheet, question);
        Explained {
            question: question.number,
            points_max: question.explain,
            answer: bounded(text),
            digest: digest(text),
            graded: None,
        }
    });
    Answers { explained: explained.collect(), ..facts }
}

/// The first questions that have an explanation but ask for none.
fn not_asked(sheet: &Sheet, questions: &[Question]) -> impl Iterator<Item = u32> {
    let is_asked =
        |number| questions.iter().any(|question| question.number == number && question.explain > 0);
    sheet.explained().filter(move |number| !is_asked(*number)).take(NOT_ASKED_MAX)
}

fn graded_facts(sheet: &Sheet, capture: Option<&Path>) -> anyhow::Result<Answers> {
    let capture = capture.with_context(|| {
        format!("there is `{SHEET}`, but neither `{}` nor `{}`", CAPTURES[0], CAPTURES[1])
    })?;
    let size = fs::metadata(capture).map_or(0, |file| file.len());
    ensure!(
        size <= CAPTURE_BYTES_MAX,
        "the capture has {size} bytes, and at most {CAPTURE_BYTES_MAX} are allowed; capture only the port of the lab"
    );
    let (report, read) = labcapture::capture::read_file(capture);
    let grade = labcapture::sheet::grade(sheet, &report)?;
    let mut text = Vec::new();
    labcapture::sheet::write(&grade, &mut text).context("failed to write the grade")?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Err(error) = read {
        text.push_str(&format!("note: the capture could not be read to its end: {error:#}\n"));
    }
    Ok(Answers { right: grade.right, of: grade.of, report: text, ..Answers::default() })
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(EXPLANATION_CHARS_MAX) {
        Some((end, _)) => format!("{}\n(cut: the answer has {} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// FNV-1a with 64 bits, which is the same in every version of this program. It detects a changed text. It does not stop a
/// student who computes a second text with the same digest.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn capture(folder: &Path) -> Option<PathBuf> {
    CAPTURES.iter().map(|name| folder.join(name)).find(|path| is_file(path))
}

/// True for a regular file. Links are not followed: they may lead out of the submission.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.is_file())
}

/// True for a folder. Links are not followed.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests_as_the_algorithm_defines() {
        assert_eq!(digest(""), "cbf29ce484222325");
        assert_eq!(digest("foobar"), "85944171f73967e8");
    }
}
